import { findHeader, headerValue, parseHeaderBlock } from '../../platform/mime/index.ts'

/** The body of a text/html part that is shown, as places in the whole message. */
export interface HtmlPart {
  readonly start: number
  readonly end: number
  readonly encoding: 'identity' | 'quoted-printable' | 'base64'
}

const DEPTH_MAX = 10
const PARTS_MAX = 500

/** In which every byte below 128 is the ASCII character: markup is found without knowing the letters. */
const ASCII_COMPATIBLE = /^(?:utf-?8|us-ascii|ascii|iso-8859-\d{1,2}|windows-125\d|koi8-[ru]|latin1)$/i

/**
 * The first HTML part that a reader sees; null where there is none, or where a change would break what the sender made: signed and encrypted
 * messages (RFC 1847) and those that carry a DKIM signature of the sender's own. Throws at nothing.
 */
export function findHtmlPart(raw: Buffer): HtmlPart | null {
  const block = parseHeaderBlock(raw)
  if (!block.ok || findHeader(block, 'dkim-signature') !== undefined) return null
  const search = { partsLeft: PARTS_MAX, isSealed: false }
  const found = within(raw, 0, raw.length, 0, search)
  return search.isSealed ? null : found
}

function within(
  raw: Buffer,
  start: number,
  end: number,
  depth: number,
  search: { partsLeft: number; isSealed: boolean },
): HtmlPart | null {
  search.partsLeft -= 1
  if (depth > DEPTH_MAX || search.partsLeft < 0) return null
  const part = raw.subarray(start, end)
  const block = parseHeaderBlock(part)
  if (!block.ok) return null
  const header = (name: string): string => {
    const field = findHeader(block, name)
    return field === undefined ? '' : headerValue(part, field)
  }
  const type = contentType(header('content-type'))
  if (type.name === 'multipart/signed' || type.name === 'multipart/encrypted') search.isSealed = true
  if (search.isSealed) return null
  const bodyStart = start + block.bodyStart
  if (type.name.startsWith('multipart/')) {
    const boundary = type.parameters.get('boundary')
    if (boundary === undefined || !/^[\x20-\x7e]{1,200}$/.test(boundary)) return null
    for (const child of childrenOf(raw, bodyStart, end, boundary)) {
      const found = within(raw, child.start, child.end, depth + 1, search)
      if (found !== null || search.isSealed) return found
    }
    return null
  }
  if (type.name !== 'text/html' || /^attachment\b/i.test(header('content-disposition'))) return null
  const charset = type.parameters.get('charset') ?? 'us-ascii'
  const encoding = encodingOf(header('content-transfer-encoding'))
  if (!ASCII_COMPATIBLE.test(charset) || encoding === null || bodyStart >= end) return null
  return { start: bodyStart, end, encoding }
}

/** Where the parts of a multipart lie: after the line of one boundary, up to the line break before the next (RFC 2046 §5.1.1). */
function childrenOf(
  raw: Buffer,
  start: number,
  end: number,
  boundary: string,
): { readonly start: number; readonly end: number }[] {
  const mark = `--${boundary}`
  const children: { start: number; end: number }[] = []
  let from: number | null = null
  for (let at = raw.indexOf(mark, start); at >= 0 && at < end; at = raw.indexOf(mark, at + mark.length)) {
    if (at !== start && raw.toString('latin1', at - 2, at) !== '\r\n') continue
    const lineEnd = raw.indexOf('\r\n', at)
    const line = raw.toString('latin1', at + mark.length, lineEnd < 0 || lineEnd > end ? end : lineEnd)
    if (!/^(?:--)?[ \t]*$/.test(line)) continue
    if (from !== null) children.push({ start: from, end: Math.max(from, at - 2) })
    if (line.startsWith('--') || lineEnd < 0 || children.length >= PARTS_MAX) return children
    from = lineEnd + 2
  }
  return children
}

function encodingOf(value: string): HtmlPart['encoding'] | null {
  switch (value.toLowerCase()) {
    case '':
    case '7bit':
    case '8bit':
    case 'binary':
      return 'identity'
    case 'quoted-printable':
    case 'base64':
      return value.toLowerCase() === 'base64' ? 'base64' : 'quoted-printable'
    default:
      return null
  }
}

interface ContentType {
  readonly name: string
  readonly parameters: ReadonlyMap<string, string>
}

const PARAMETER = /;\s*([\w.*-]{1,60})\s*=\s*(?:"((?:[^"\\]|\\.){0,300})"|([^\s;"]{1,300}))/g

/** RFC 2045 §5.1. What has comments or anything else in it is read as text/plain: nothing is changed there. */
function contentType(value: string): ContentType {
  if (value === '') return { name: 'text/plain', parameters: new Map() }
  const name =
    /^\s*([\w.+-]{1,100}\/[\w.+-]{1,100})\s*(?:;|$)/.exec(value)?.[1]?.toLowerCase() ?? 'text/plain'
  const parameters = new Map<string, string>()
  for (const [, key = '', quoted, plain = ''] of value.slice(0, 2_000).matchAll(PARAMETER)) {
    const text = quoted === undefined ? plain : quoted.replaceAll(/\\(.)/g, '$1')
    if (!parameters.has(key.toLowerCase())) parameters.set(key.toLowerCase(), text)
  }
  return { name, parameters }
}
