/** Hands bytes to the browser's downloads. */
export function saveBlob(blob: Blob, filename: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = filename.replaceAll(/[\p{C}/\\:*?"<>|]/gu, '_').slice(0, 200) || 'download'
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
