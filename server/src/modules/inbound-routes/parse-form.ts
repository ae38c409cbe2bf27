import { isUtf8 } from 'node:buffer'
import {
  decodeHeaderText,
  fieldOf,
  fileNameOf,
  partBytes,
  partText,
  readParts,
  type MimePart,
} from '../../platform/mime/index.ts'
import type { FormField } from './multipart.ts'

/** Who sent a mail from outside, to whom, and who brought it. */
export interface InboundEnvelope {
  /** Empty for the null path. */
  readonly from: string
  readonly to: string
  readonly client: { readonly address: string | null; readonly helo: string | null; readonly tls: boolean }
}

/**
 * More than mail needs; what is beyond parts and depth makes the whole mail go along as it came. Each multipart within another is looked
 * through again, and each field is read, while all other mail waits.
 */
const BOUNDS = { parts: 1_000, depth: 12, fields: 300, headerBytes: 262_144 }

/** No file system takes more. */
const NAME_CHARS = 255

interface Attachment {
  readonly filename: string
  readonly type: string
  readonly contentId: string | null
  readonly bytes: Buffer
}

/**
 * The form of SendGrid's Inbound Parse (twilio.com/docs/sendgrid/for-developers/parsing-email/setting-up-the-inbound-parse-webhook). Text is
 * decoded, so that every character set is UTF-8. Neither SPF nor DKIM is judged here: both say `none`, and there is no spam score.
 */
export function parseForm(raw: Buffer, envelope: InboundEnvelope, sendRaw: boolean): FormField[] {
  const tree = readParts(raw, BOUNDS)
  const header = (name: string): string => decodeHeaderText(fieldOf(tree.root, name) ?? '')
  const written = ['to', 'cc', 'from', 'subject'].filter(
    (name) => name !== 'cc' || fieldOf(tree.root, 'cc') !== null,
  )
  const common: FormField[] = [
    { name: 'dkim', value: 'none' },
    { name: 'SPF', value: 'none' },
    { name: 'sender_ip', value: envelope.client.address ?? '' },
    { name: 'envelope', value: JSON.stringify({ to: [envelope.to], from: envelope.from }) },
    ...written.map((name) => ({ name, value: header(name) })),
  ]
  const whole: FormField[] = [{ name: 'email', value: raw }]
  if (sendRaw) return [...common, { name: 'charsets', value: charsets(written) }, ...whole]
  const { text, html, attachments } = contentOf(tree.leaves)
  const texts = [...(text === null ? [] : ['text']), ...(html === null ? [] : ['html'])]
  return [
    { name: 'headers', value: headersOf(raw) },
    ...common,
    ...(text === null ? [] : [{ name: 'text', value: text }]),
    ...(html === null ? [] : [{ name: 'html', value: html }]),
    { name: 'charsets', value: charsets([...written, ...texts]) },
    { name: 'attachments', value: String(attachments.length) },
    ...attachmentFields(attachments),
    ...(tree.truncated ? whole : []),
  ]
}

function charsets(names: readonly string[]): string {
  return JSON.stringify(Object.fromEntries(names.map((name) => [name, 'UTF-8'])))
}

function attachmentFields(attachments: readonly Attachment[]): FormField[] {
  if (attachments.length === 0) return []
  const named = attachments.map((attachment, at) => ({ ...attachment, name: `attachment${at + 1}` }))
  const info = named.map(({ name, filename, type, contentId }) => [
    name,
    { filename, name: filename, type, ...(contentId === null ? {} : { 'content-id': contentId }) },
  ])
  const ids = named.flatMap(({ name, contentId }) => (contentId === null ? [] : [[contentId, name]]))
  return [
    { name: 'attachment-info', value: JSON.stringify(Object.fromEntries(info)) },
    ...(ids.length === 0 ? [] : [{ name: 'content-ids', value: JSON.stringify(Object.fromEntries(ids)) }]),
    ...named.map(({ name, filename, type, bytes }) => ({ name, filename, contentType: type, value: bytes })),
  ]
}

/** What is read as text and as HTML, and all else. Several parts of text are one text, in their order. */
function contentOf(leaves: readonly MimePart[]): {
  readonly text: string | null
  readonly html: string | null
  readonly attachments: readonly Attachment[]
} {
  const inline = (type: string) => leaves.filter((part) => part.type === type && !isAttachment(part))
  const attachments = leaves
    .filter((part) => isAttachment(part) || (part.type !== 'text/plain' && part.type !== 'text/html'))
    .map((part, at) => ({
      filename: filenameOf(part) ?? `attachment${at + 1}`,
      type: part.type,
      contentId: fieldOf(part, 'content-id')?.replaceAll(/^<|>$/g, '') ?? null,
      bytes: partBytes(part, part.body.length),
    }))
  return { text: textOf(inline('text/plain')), html: textOf(inline('text/html')), attachments }
}

function textOf(parts: readonly MimePart[]): string | null {
  return parts.length === 0 ? null : parts.map((part) => partText(part, part.body.length)).join('\n')
}

function isAttachment(part: MimePart): boolean {
  const disposition = fieldOf(part, 'content-disposition') ?? ''
  return /^\s*attachment\b/i.test(disposition) || filenameOf(part) !== null
}

/** No path comes along, and nothing that ends a line. */
function filenameOf(part: MimePart): string | null {
  const found = fileNameOf(part)
  if (found === undefined) return null
  const name = found.replaceAll(/[/\\\p{C}]/gu, '_').replace(/^\.+$/, '_')
  return name.slice(0, NAME_CHARS).toWellFormed()
}

/** The header as it came, line ends as `\n`. */
function headersOf(raw: Buffer): string {
  const end = raw.indexOf('\r\n\r\n')
  const bytes = end === -1 ? raw : raw.subarray(0, end + 2)
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1').replaceAll('\r\n', '\n')
}
