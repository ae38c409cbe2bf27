import { applyEdits, htmlEdits } from './html-edits.ts'
import type { Edit, LinkWriter } from './html-edits.ts'
import { findHtmlPart } from './mime-parts.ts'
import { readQuotedPrintable, writeQuotedPrintable } from './quoted-printable.ts'

/** RFC 5321 §4.5.3.1.6, without the CRLF. */
const LINE_MAX = 998

/**
 * A message that came whole, with its links tracked. Every byte outside of the edits stays (in base64: of what it decodes to). The same
 * Buffer comes back where there is nothing to do, or where it cannot be done without a risk to the message.
 */
export function trackMime(raw: Buffer, writer: LinkWriter): Buffer {
  const careful = { ...writer, asciiOnly: true }
  return editHtmlPart(raw, (html) => htmlEdits(html, careful))
}

type FindEdits = (html: string) => readonly Edit[]

/** Edits the HTML of a message that came whole; `find` sees its bytes as Latin-1 and answers edits in ASCII. As `trackMime` otherwise. */
export function editHtmlPart(raw: Buffer, find: FindEdits): Buffer {
  const part = findHtmlPart(raw)
  if (part === null) return raw
  const body = raw.subarray(part.start, part.end)
  const edited = ((): Buffer | null => {
    switch (part.encoding) {
      case 'identity':
        return inPlain(body, find)
      case 'quoted-printable':
        return inQuotedPrintable(body, find)
      case 'base64':
        return inBase64(body, find)
    }
  })()
  return edited === null ? raw : Buffer.concat([raw.subarray(0, part.start), edited, raw.subarray(part.end)])
}

function inPlain(body: Buffer, find: FindEdits): Buffer | null {
  const html = body.toString('latin1')
  const edits = find(html)
  if (edits.length === 0) return null
  const text = applyEdits(html, edits)
  return text.split('\r\n').some((line) => line.length > LINE_MAX) ? null : Buffer.from(text, 'latin1')
}

function inQuotedPrintable(body: Buffer, find: FindEdits): Buffer | null {
  const decoded = readQuotedPrintable(body)
  if (decoded === null) return null
  const edits = find(decoded.text)
  if (edits.length === 0) return null
  const encoded: Edit[] = edits.map(({ start, end, text }) => ({
    start: decoded.starts[start] ?? body.length,
    end: end > start ? (decoded.ends[end - 1] ?? body.length) : (decoded.starts[start] ?? body.length),
    text: writeQuotedPrintable(text),
  }))
  return Buffer.from(applyEdits(body.toString('latin1'), encoded), 'latin1')
}

const BASE64_COLUMNS = 76

function inBase64(body: Buffer, find: FindEdits): Buffer | null {
  const letters = body.toString('latin1').replaceAll(/[\r\n\t ]/g, '')
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(letters) || letters.length % 4 !== 0) return null
  const html = Buffer.from(letters, 'base64').toString('latin1')
  const edits = find(html)
  if (edits.length === 0) return null
  const text = Buffer.from(applyEdits(html, edits), 'latin1').toString('base64')
  const lines: string[] = []
  for (let at = 0; at < text.length; at += BASE64_COLUMNS) lines.push(text.slice(at, at + BASE64_COLUMNS))
  return Buffer.from(lines.join('\r\n') + (body.toString('latin1').endsWith('\r\n') ? '\r\n' : ''), 'latin1')
}
