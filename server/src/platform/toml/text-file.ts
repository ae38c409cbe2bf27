import { constants, open } from 'node:fs/promises'

export const TEXT_FILE_BYTES_MAX = 512 * 1024

export type TextFile =
  | { readonly kind: 'text'; readonly text: string }
  /** It cannot be read, or is too large; the reason for people. */
  | { readonly kind: 'problem'; readonly problem: string }

/** A small UTF-8 file, whole; at most 512 KiB. Never throws. */
export async function readTextFile(path: string | URL): Promise<TextFile> {
  try {
    // Not waiting: a pipe without a writer would hold a thread for ever.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const facts = await file.stat()
    if (!facts.isFile()) return { kind: 'problem', problem: 'it is no file' }
    const buffer = Buffer.alloc(TEXT_FILE_BYTES_MAX + 1)
    let length = 0
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length)
      length += bytesRead
      if (bytesRead === 0 || length === buffer.length) break
    }
    if (length > TEXT_FILE_BYTES_MAX) return { kind: 'problem', problem: 'it is larger than 512 KiB' }
    return {
      kind: 'text',
      text: new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, length)),
    }
  } catch (error) {
    return { kind: 'problem', problem: wordsOf(error) }
  }
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it cannot be read'
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  switch (code) {
    case 'ENOENT':
      return 'it does not exist'
    case 'EACCES':
    case 'EPERM':
      return 'this process may not read it'
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return 'it is not UTF-8'
    default:
      return `it cannot be read (${code === '' ? error.message : code})`
  }
}
