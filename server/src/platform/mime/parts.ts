/**
 * Reads the structure of a message from anywhere, for reports that strangers send: lenient where a parser for sending is strict, because
 * broken bounces are bounces too, and bounded in depth, parts, fields and bytes, because hostile ones are as well. Every byte is looked at
 * a bounded number of times.
 */

export interface PartBounds {
  /** Parts that are read at most, multiparts among them; the rest is left out. */
  readonly parts: number
  /** Multiparts within multiparts. */
  readonly depth: number
  readonly fields: number
  readonly headerBytes: number
}

export const PART_BOUNDS: PartBounds = { parts: 60, depth: 8, fields: 500, headerBytes: 131_072 }

export interface TextField {
  /** Lower case. */
  readonly name: string
  /** Unfolded and trimmed; encoded words stay. */
  readonly value: string
}

export interface MimePart {
  /** Lower case, `text/plain` where none is given (RFC 2045 §5.2). */
  readonly type: string
  /** Of Content-Type; names in lower case. */
  readonly parameters: ReadonlyMap<string, string>
  readonly fields: readonly TextField[]
  /** As it was transferred: see `partBytes`. */
  readonly body: Buffer
}

export interface MimeTree {
  /** The message itself: its fields, its type, its whole body. */
  readonly root: MimePart
  /** Every part that is no multipart, in order; an attached message is one part. The root itself where it is no multipart. */
  readonly leaves: readonly MimePart[]
  /** Something was left out because of a bound. */
  readonly truncated: boolean
}

const LF = 0x0a
const CR = 0x0d
const DASH = 0x2d
/** RFC 2046 §5.1.1 says 70; some write longer ones. */
const BOUNDARY_MAX = 200
const VALUE_CHARS_MAX = 16_384

/** The first value of a field (lower-case name), or null. */
export function fieldOf(part: Pick<MimePart, 'fields'>, name: string): string | null {
  return part.fields.find((field) => field.name === name)?.value ?? null
}

/** Every value of a field, in order. */
export function fieldsOf(part: Pick<MimePart, 'fields'>, name: string): readonly string[] {
  return part.fields.filter((field) => field.name === name).map((field) => field.value)
}

/** Reads a message into its parts. Never throws: what cannot be understood is one part of what it says it is. */
export function readParts(raw: Buffer, bounds: PartBounds = PART_BOUNDS): MimeTree {
  const leaves: MimePart[] = []
  let truncated = false
  let seen = 0

  function walk(part: MimePart, depth: number): void {
    const boundary = part.type.startsWith('multipart/') ? (part.parameters.get('boundary') ?? '') : ''
    if (boundary === '' || boundary.length > BOUNDARY_MAX) {
      leaves.push(part)
      return
    }
    if (depth >= bounds.depth) {
      truncated = true
      return
    }
    for (const section of sectionsOf(part.body, boundary)) {
      // Multiparts count too: ten thousand empty ones are no leaves, and were ten thousand headers to read.
      if (seen >= bounds.parts) {
        truncated = true
        return
      }
      seen += 1
      walk(partOf(section, bounds), depth + 1)
    }
  }

  const root = partOf(raw, bounds)
  walk(root, 0)
  return { root, leaves, truncated }
}

/** Header fields at the beginning of a text such as a delivery status or returned headers; at most `bounds.fields`. */
export function readFields(bytes: Buffer, bounds: PartBounds = PART_BOUNDS): readonly TextField[] {
  return fieldsIn(bytes.toString('utf8', 0, Math.min(bytes.length, bounds.headerBytes)), bounds.fields)
}

/** Groups of fields that empty lines separate (RFC 3464 §2.1), each bounded by `bounds.fields`; at most `groups` of them. */
export function readFieldGroups(
  bytes: Buffer,
  groups: number,
  bounds: PartBounds = PART_BOUNDS,
): readonly (readonly TextField[])[] {
  const found: (readonly TextField[])[] = []
  const text = bytes.toString('utf8').replaceAll('\r\n', '\n')
  let start = 0
  while (start < text.length && found.length < groups) {
    const blank = /\n[ \t]*\n/g
    blank.lastIndex = start
    const end = blank.exec(text)
    const fields = fieldsIn(text.slice(start, end?.index ?? text.length), bounds.fields)
    if (fields.length > 0) found.push(fields)
    start = end === null ? text.length : blank.lastIndex
  }
  return found
}

/** The content of a part without its transfer encoding (RFC 2045 §6), at most `maxBytes` of it. */
export function partBytes(part: MimePart, maxBytes: number): Buffer {
  const encoding = (fieldOf(part, 'content-transfer-encoding') ?? '').toLowerCase()
  // A byte takes at most three characters and a soft line break.
  const body = part.body.subarray(0, maxBytes * 4)
  switch (encoding) {
    case 'base64':
      return Buffer.from(body.toString('latin1').replaceAll(/[^A-Za-z0-9+/]/g, ''), 'base64').subarray(
        0,
        maxBytes,
      )
    case 'quoted-printable':
      return unquoted(body).subarray(0, maxBytes)
    default:
      return body.subarray(0, maxBytes)
  }
}

/** The text of a part in its character set, at most `maxBytes` bytes of it, line ends as `\n`. What cannot be read becomes U+FFFD. */
export function partText(part: MimePart, maxBytes: number): string {
  const bytes = partBytes(part, maxBytes)
  const charset = part.parameters.get('charset') ?? 'utf-8'
  let text: string
  try {
    text = new TextDecoder(charset.slice(0, 60)).decode(bytes)
  } catch {
    text = bytes.toString('utf8')
  }
  return text.replaceAll('\r\n', '\n')
}

function partOf(raw: Buffer, bounds: PartBounds): MimePart {
  const end = headerEnd(raw)
  const header = raw.subarray(0, Math.min(end.at, bounds.headerBytes))
  const fields = fieldsIn(header.toString('utf8'), bounds.fields)
  const { type, parameters } = contentType(fields.find((field) => field.name === 'content-type')?.value ?? '')
  return { type, parameters, fields, body: raw.subarray(end.body) }
}

/** Where the header ends and the body begins. A part may begin with an empty line: then it has no header. */
function headerEnd(raw: Buffer): { readonly at: number; readonly body: number } {
  if (raw[0] === LF) return { at: 0, body: 1 }
  if (raw[0] === CR && raw[1] === LF) return { at: 0, body: 2 }
  for (let at = raw.indexOf(LF); at !== -1; at = raw.indexOf(LF, at + 1)) {
    if (raw[at + 1] === LF) return { at, body: at + 2 }
    if (raw[at + 1] === CR && raw[at + 2] === LF) return { at, body: at + 3 }
  }
  return { at: raw.length, body: raw.length }
}

function fieldsIn(text: string, max: number): TextField[] {
  const fields: TextField[] = []
  let name = ''
  let pieces: string[] = []
  let length = 0
  const keep = (): void => {
    if (name !== '') fields.push({ name, value: pieces.join(' ').trim() })
    name = ''
    pieces = []
    length = 0
  }
  for (const written of text.split('\n')) {
    const line = written.endsWith('\r') ? written.slice(0, -1) : written
    if (line.startsWith(' ') || line.startsWith('\t')) {
      if (length < VALUE_CHARS_MAX) pieces.push(line.trim())
      length += line.length
      continue
    }
    keep()
    if (fields.length >= max) return fields
    const colon = line.indexOf(':')
    const found = colon < 1 || colon > 200 ? '' : line.slice(0, colon).trimEnd()
    if (!/^[!-9;-~]+$/.test(found)) continue
    name = found.toLowerCase()
    pieces.push(line.slice(colon + 1, colon + 1 + VALUE_CHARS_MAX).trim())
    length = line.length
  }
  keep()
  return fields.slice(0, max)
}

/** `multipart/report; boundary="x"` (RFC 2045 §5.1). RFC 2231 continuations do not occur in what reports need. */
function contentType(value: string): Pick<MimePart, 'type' | 'parameters'> {
  const type = /^\s*([a-z0-9!#$&^_.+-]{1,100}\/[a-z0-9!#$&^_.+-]{1,100})/i.exec(value)?.[1]?.toLowerCase()
  const parameters = new Map<string, string>()
  for (const found of value.matchAll(
    /;\s*([a-z0-9*-]{1,60})\s*=\s*(?:"((?:[^"\\]|\\.){0,400})"|([^\s;"]{1,400}))/gi,
  )) {
    const [, name = '', quoted, bare = ''] = found
    const key = name.toLowerCase()
    if (!parameters.has(key) && parameters.size < 20)
      parameters.set(key, quoted === undefined ? bare : quoted.replaceAll(/\\(.)/g, '$1'))
  }
  return { type: type ?? 'text/plain', parameters }
}

/** What stands between the lines of a boundary (RFC 2046 §5.1.1); the last section may lack its end. */
function* sectionsOf(body: Buffer, boundary: string): Generator<Buffer> {
  const mark = Buffer.from(`--${boundary}`)
  let from = -1
  for (let at = body.indexOf(mark); at !== -1; at = body.indexOf(mark, at + mark.length)) {
    const after = at + mark.length
    const isLine = at === 0 || body[at - 1] === LF
    const isEnd = body[after] === DASH && body[after + 1] === DASH
    const next = body[after]
    const isWhole =
      isEnd || next === undefined || next === CR || next === LF || next === 0x20 || next === 0x09
    if (!isLine || !isWhole) continue
    if (from !== -1) yield body.subarray(from, withoutLineEnd(body, from, at))
    if (isEnd) return
    const lineEnd = body.indexOf(LF, after)
    if (lineEnd === -1) return
    from = lineEnd + 1
  }
  if (from !== -1) yield body.subarray(from)
}

/** The line end before a boundary belongs to the boundary. */
function withoutLineEnd(body: Buffer, from: number, at: number): number {
  if (at <= from) return from
  const end = body[at - 1] === LF ? at - 1 : at
  return end > from && body[end - 1] === CR ? end - 1 : end
}

function unquoted(body: Buffer): Buffer {
  const out = Buffer.allocUnsafe(body.length)
  let length = 0
  for (let at = 0; at < body.length; at++) {
    const byte = body[at] ?? 0
    if (byte !== 0x3d) {
      out[length++] = byte
      continue
    }
    const next = body[at + 1]
    if (next === LF) {
      at += 1
      continue
    }
    if (next === CR && body[at + 2] === LF) {
      at += 2
      continue
    }
    const hex = body.toString('latin1', at + 1, at + 3)
    if (/^[0-9a-f]{2}$/i.test(hex)) {
      out[length++] = Number.parseInt(hex, 16)
      at += 2
    } else out[length++] = byte
  }
  return out.subarray(0, length)
}
