import { randomBytes } from 'node:crypto'
import { isHeaderText, isPrintableAscii, parameter } from './header-text.ts'
import type { EncodedBody } from './transfer-encoding.ts'
import { base64Lines, encodeMessage, encodeText } from './transfer-encoding.ts'

export interface ComposeAttachment {
  readonly filename?: string | undefined
  /** `type/subtype`, with parameters or without; none: `application/octet-stream`. */
  readonly contentType?: string | undefined
  readonly content: Buffer
  /** With or without angle brackets; what `cid:` in the HTML refers to. */
  readonly contentId?: string | undefined
  /** Shown inside the HTML, not listed as a file. */
  readonly inline?: boolean | undefined
}
/** The content once more, as another kind of text. */
export interface ComposeAlternative {
  /** `text/…`, with parameters or without, but for the charset. */
  readonly contentType: string
  readonly text: string
}
export interface ComposeContent {
  readonly text?: string | undefined
  readonly html?: string | undefined
  readonly alternatives?: readonly ComposeAlternative[] | undefined
  readonly attachments?: readonly ComposeAttachment[] | undefined
}
export interface FieldRefusal {
  readonly ok: false
  /** A path such as `attachments[2].filename`. */
  readonly field: string
  readonly problem: string
}
/** A body that can be put under many headers: composing it is the costly part of a message. */
export interface ComposedBody {
  readonly ok: true
  /** MIME-Version and Content-* fields with their CRLFs. */
  readonly headerLines: string
  readonly content: Buffer
  /** The content has bytes above 127: the next hop needs 8BITMIME. Only an attached message can bring them. */
  readonly eightBit: boolean
}

export const MAX_ATTACHMENTS = 500
const MAX_FILENAME_CHARS = 1_000
const MAX_CONTENT_TYPE_CHARS = 1_000

interface Part {
  readonly headers: string
  readonly pieces: readonly (string | Buffer)[]
}

/**
 * The MIME structure (RFC 2045–2049, 2387): mixed[ related[ alternative[text, html], inline… ], attachment… ], each level only where
 * it is needed. `seed` makes the boundaries, so the same message composed twice has the same bytes (and DKIM body hash); it is
 * replaced by a random one where the content happens to hold such a boundary.
 */
export function composeBody(content: ComposeContent, seed: string): ComposedBody | FieldRefusal {
  const texts: Part[] = []
  let unencoded: (string | Buffer)[] = []
  for (const { field, type, text } of textsOf(content)) {
    if (text.includes('\0')) return refuse(field, 'contains a NUL character')
    if (!isPrintableAscii(type)) return refuse(field, 'has a type that is not printable ASCII')
    const encoded = encodeText(text)
    if (encoded.encoding === '7bit') unencoded.push(encoded.content)
    texts.push(leaf(`Content-Type: ${type}; charset=utf-8`, encoded))
  }
  const attachments = content.attachments ?? []
  if (attachments.length > MAX_ATTACHMENTS)
    return refuse('attachments', `has more than ${MAX_ATTACHMENTS} entries`)
  const inline: Part[] = []
  const attached: Part[] = []
  let eightBit = false
  for (const [i, attachment] of attachments.entries()) {
    const made = attachmentPart(attachment, `attachments[${i}]`)
    if (!made.ok) return made
    if (made.encoded.encoding !== 'base64') unencoded.push(made.encoded.content)
    eightBit ||= made.encoded.encoding === '8bit'
    if (attachment.inline === true && content.html !== undefined) inline.push(made.part)
    else attached.push(made.part)
  }
  if (texts.length === 0 && attached.length === 0)
    return refuse('text', 'is missing: a message needs text, html or an attachment')

  const tag = boundaryTag(seed, unencoded)
  let root: readonly Part[] = texts.length > 1 ? [multipart('alternative', '', texts, `=_a_${tag}`)] : texts
  if (inline.length > 0) {
    const type = texts.length > 1 ? 'multipart/alternative' : 'text/html'
    root = [multipart('related', `; type="${type}"`, [...root, ...inline], `=_r_${tag}`)]
  }
  const [only] = root
  const whole =
    attached.length > 0 || only === undefined
      ? multipart('mixed', '', [...root, ...attached], `=_m_${tag}`)
      : only
  const last = whole.pieces.at(-1)
  // A message ends with CRLF (RFC 5321 §4.1.1.4); a single text may not.
  const pieces =
    last === undefined || !last.toString().endsWith('\r\n') ? [...whole.pieces, '\r\n'] : whole.pieces
  return { ok: true, headerLines: `MIME-Version: 1.0\r\n${whole.headers}`, content: joined(pieces), eightBit }
}

function isAmp({ type }: { readonly type: string }): boolean {
  return /^text\/x-amp-html\b/i.test(type)
}

/** From the plainest to the richest (RFC 2046 §5.1.4); mail that knows no AMP must find HTML behind it, and calendars stand last. */
function textsOf({ text, html, alternatives = [] }: ComposeContent) {
  const others = alternatives.map(({ contentType, text: other }, i) => ({
    field: `alternatives[${i}]`,
    type: contentType,
    text: other,
  }))
  return [
    ...(text === undefined ? [] : [{ field: 'text', type: 'text/plain', text }]),
    ...others.filter(isAmp),
    ...(html === undefined ? [] : [{ field: 'html', type: 'text/html', text: html }]),
    ...others.filter((other) => !isAmp(other)),
  ]
}

function leaf(headers: string, encoded: EncodedBody): Part {
  return {
    headers: `${headers}\r\nContent-Transfer-Encoding: ${encoded.encoding}\r\n`,
    pieces: [encoded.content],
  }
}

function multipart(kind: string, parameters: string, children: readonly Part[], boundary: string): Part {
  const pieces: (string | Buffer)[] = []
  let text = ''
  for (const child of children) {
    text += `--${boundary}\r\n${child.headers}\r\n`
    for (const piece of child.pieces) {
      if (typeof piece === 'string') text += piece
      else {
        pieces.push(text, piece)
        text = ''
      }
    }
    text += '\r\n'
  }
  pieces.push(`${text}--${boundary}--\r\n`)
  return { headers: `Content-Type: multipart/${kind}${parameters};\r\n boundary="${boundary}"\r\n`, pieces }
}

/**
 * What all boundaries of a message share. Quoted-printable and base64 can never hold `=_` (RFC 2045 §6.7), so only content that goes
 * as it is needs a look. A clash is answered with 128 random bits, not with a counter that hostile content could foresee.
 */
function boundaryTag(seed: string, unencoded: readonly (string | Buffer)[]): string {
  let tag = seed.replaceAll(/[^\w.-]/g, '').slice(0, 40)
  while (unencoded.some((content) => BOUNDARY_STARTS.some((start) => content.includes(`--${start}${tag}`)))) {
    tag = randomBytes(16).toString('hex')
  }
  return tag
}
const BOUNDARY_STARTS = ['=_a_', '=_r_', '=_m_']

type AttachmentPart = { readonly ok: true; readonly part: Part; readonly encoded: EncodedBody } | FieldRefusal

function attachmentPart(attachment: ComposeAttachment, field: string): AttachmentPart {
  const { filename } = attachment
  if (filename !== undefined) {
    if (!isHeaderText(filename) || filename.includes('\t')) {
      return refuse(`${field}.filename`, 'contains a line break or control character')
    }
    if (filename === '' || filename.length > MAX_FILENAME_CHARS) {
      return refuse(`${field}.filename`, `must have 1 to ${MAX_FILENAME_CHARS} characters`)
    }
  }
  let type = contentTypeLine(attachment.contentType ?? 'application/octet-stream')
  if (type === null) return refuse(`${field}.contentType`, 'is not a content type such as image/png')
  if (type.startsWith('multipart/')) return refuse(`${field}.contentType`, 'must not be multipart')
  let encoded: EncodedBody | null = null
  if (type.startsWith('message/')) {
    encoded = encodeMessage(attachment.content)
    if (encoded === null) type = 'application/octet-stream'
  }
  encoded ??= { encoding: 'base64', content: base64Lines(attachment.content) }
  // Old readers look for the name here; RFC 2231 forms only confuse them.
  if (filename !== undefined && isPrintableAscii(filename)) type += parameter('name', filename)
  const disposition = attachment.inline === true ? 'inline' : 'attachment'
  let headers = `Content-Type: ${type}\r\nContent-Disposition: ${disposition}`
  if (filename !== undefined) headers += parameter('filename', filename)
  if (attachment.contentId !== undefined) {
    const id = attachment.contentId.replace(/^<(.*)>$/, '$1')
    if (!/^[!-;=?-~]{1,250}$/.test(id)) {
      return refuse(
        `${field}.contentId`,
        'must be 1 to 250 printable ASCII characters without blanks or angle brackets',
      )
    }
    headers += `\r\nContent-ID: <${id}>`
  }
  return { ok: true, part: leaf(headers, encoded), encoded }
}

const TOKEN = '[\\w!#$&^.+-]{1,127}'
const TYPE = new RegExp(`^${TOKEN}/${TOKEN}`)

/** `type/subtype` in lower case with its parameters folded, without `name` and `boundary`; null where it is not a content type. */
function contentTypeLine(text: string): string | null {
  if (text.length > MAX_CONTENT_TYPE_CHARS || !isPrintableAscii(text)) return null
  const type = TYPE.exec(text)?.[0]
  if (type === undefined) return null
  let line = type.toLowerCase()
  if (type.length === text.length) return line
  const pattern = /;? *(?:; *)?([\w.*-]{1,60})=(?:"((?:[^"\\]|\\.){0,200})"|([^ ;"]{1,200})) */y
  pattern.lastIndex = type.length
  let at = type.length
  while (at < text.length) {
    const match = pattern.exec(text)
    if (match === null) return /^ *;? *$/.test(text.slice(at)) ? line : null
    at = pattern.lastIndex
    const name = (match[1] ?? '').toLowerCase()
    if (name === 'name' || name === 'boundary') continue
    line += parameter(name, match[3] ?? (match[2] ?? '').replaceAll(/\\(.)/g, '$1'))
  }
  return line
}

function joined(pieces: readonly (string | Buffer)[]): Buffer {
  const [only] = pieces
  if (pieces.length === 1 && only !== undefined)
    return typeof only === 'string' ? Buffer.from(only, 'latin1') : only
  return Buffer.concat(
    pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)),
  )
}

function refuse(field: string, problem: string): FieldRefusal {
  return { ok: false, field, problem }
}
