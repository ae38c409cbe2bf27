import PostalMime from 'postal-mime'
import type { Email } from 'postal-mime'

interface ParsedAttachment {
  readonly filename: string | null
  readonly contentType: string
  readonly inline: boolean
  readonly contentId: string | null
  readonly content: Buffer
}

export interface ParsedMail {
  readonly html: string | null
  readonly text: string | null
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly fromDomain: string | null
  readonly attachments: readonly ParsedAttachment[]
}

const NESTING_MAX = 50
const HEADER_BYTES_MAX = 512 * 1024

/** Parses a message for showing. What exceeds the limits of nesting or headers is shown as its source only: null. */
export async function parseMail(raw: Buffer): Promise<ParsedMail | null> {
  let email: Email
  try {
    email = await PostalMime.parse(raw, { maxNestingDepth: NESTING_MAX, maxHeadersSize: HEADER_BYTES_MAX })
  } catch {
    return null
  }
  const from = email.from?.address
  return {
    html: email.html ?? null,
    text: email.text ?? null,
    headers: email.headers.map((header) => ({ name: header.originalKey, value: header.value })),
    fromDomain: from === undefined ? null : from.slice(from.lastIndexOf('@') + 1).toLowerCase(),
    attachments: email.attachments.map((attachment) => ({
      filename: attachment.filename,
      contentType: attachment.mimeType,
      inline: attachment.disposition === 'inline' || attachment.related === true,
      contentId: attachment.contentId?.replaceAll(/^<|>$/g, '') ?? null,
      content: bytesOf(attachment.content),
    })),
  }
}

function bytesOf(content: ArrayBuffer | Uint8Array | string): Buffer {
  if (typeof content === 'string') return Buffer.from(content)
  return content instanceof Uint8Array
    ? Buffer.from(content.buffer, content.byteOffset, content.byteLength)
    : Buffer.from(content)
}
