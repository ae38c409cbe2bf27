import { randomBytes } from 'node:crypto'

export type FormField =
  | { readonly name: string; readonly value: string | Buffer }
  | {
      readonly name: string
      readonly filename: string
      readonly contentType: string
      readonly value: Buffer
    }

/** A form as browsers send it (RFC 7578, and the HTML standard for what stands in names). */
export function multipartOf(
  fields: readonly FormField[],
  boundary = `bulkhead-${randomBytes(18).toString('base64url')}`,
): { readonly contentType: string; readonly body: Buffer } {
  const parts = fields.flatMap((field) => {
    const file =
      'filename' in field
        ? `; filename="${escaped(field.filename)}"\r\nContent-Type: ${field.contentType.replaceAll(/[^\x21-\x7e]/g, '')}`
        : ''
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(field.name)}"${file}\r\n\r\n`
    return [Buffer.from(head), Buffer.from(field.value), Buffer.from('\r\n')]
  })
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]),
  }
}

function escaped(text: string): string {
  return text.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22')
}
