import { UsageError } from './failure.ts'

const FIELD_CHARS_MAX = 10_000

export interface CsvRecord {
  /** The line on which it begins, from 1. */
  readonly line: number
  readonly fields: readonly string[]
}

/**
 * Parses CSV (RFC 4180): commas or semicolons, fields in quotes with `""` for a quote, LF or CRLF, an optional byte order mark.
 * Lines without content are left out.
 * @throws UsageError on an unclosed quote or a field beyond 10,000 characters, with its line.
 */
export function parseCsv(source: string): CsvRecord[] {
  const text = source.startsWith('\ufeff') ? source.slice(1) : source
  const separator = separatorOf(text)
  const records: CsvRecord[] = []
  let fields: string[] = []
  let line = 1
  let begun = 1
  let at = 0
  while (at < text.length) {
    const field = text[at] === '"' ? quoted(text, at, line) : plain(text, at, separator)
    if (field.value.length > FIELD_CHARS_MAX)
      throw new UsageError(`Line ${line}: a field has more than ${FIELD_CHARS_MAX} characters.`)
    fields.push(field.value)
    line += field.lines
    at = field.end
    if (text[at] === separator) {
      at += 1
      if (at === text.length) fields.push('')
      continue
    }
    if (at < text.length && text[at] !== '\n' && text[at] !== '\r')
      throw new UsageError(`Line ${line}: there is text after a closing quote.`)
    at += text[at] === '\r' && text[at + 1] === '\n' ? 2 : 1
    if (fields.some((value) => value.trim() !== '')) records.push({ line: begun, fields })
    fields = []
    line += 1
    begun = line
  }
  if (fields.some((value) => value.trim() !== '')) records.push({ line: begun, fields })
  return records
}

/** One record as a line of CSV. */
export function writeCsvLine(fields: readonly string[]): string {
  return `${fields.map((field) => (/[",;\r\n]|^\s|\s$/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')}\n`
}

/** Spreadsheets of many countries write semicolons; the first line tells. */
function separatorOf(text: string): ',' | ';' {
  const end = text.search(/\r|\n/)
  const first = end < 0 ? text : text.slice(0, end)
  return first.includes(';') && !first.includes(',') ? ';' : ','
}

interface Field {
  readonly value: string
  readonly end: number
  readonly lines: number
}

function plain(text: string, start: number, separator: string): Field {
  let end = start
  while (end < text.length && text[end] !== separator && text[end] !== '\n' && text[end] !== '\r') end += 1
  return { value: text.slice(start, end), end, lines: 0 }
}

function quoted(text: string, start: number, line: number): Field {
  let from = start + 1
  for (;;) {
    const quote = text.indexOf('"', from)
    if (quote < 0) throw new UsageError(`Line ${line}: a quote is not closed.`)
    if (text[quote + 1] === '"') {
      from = quote + 2
      continue
    }
    const value = text.slice(start + 1, quote).replaceAll('""', '"')
    return { value, end: quote + 1, lines: value.split('\n').length - 1 }
  }
}
