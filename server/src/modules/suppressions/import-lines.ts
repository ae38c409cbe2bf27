import { normaliseForIndex, parseAddress } from '../../kernel/email-address.ts'
import { Expiry, expiryProblem, SUPPRESSION_REASONS, SUPPRESSION_SCOPES } from './suppression.ts'
import type { SuppressionReason, SuppressionScope } from './suppression.ts'

/** What a column or a key of a line means. */
export const MEANINGS = ['email', 'reason', 'scope', 'note', 'expiresAt', 'ignored'] as const
export type Meaning = (typeof MEANINGS)[number]
const SEPARATORS = [',', ';', '\t'] as const
export type Separator = (typeof SEPARATORS)[number]

/** How far an import is, as the next part of it needs to know. */
export interface ImportPlace {
  readonly format: 'csv' | 'jsonl'
  /** Of CSV, known once the first line was read. */
  readonly layout: { readonly columns: readonly Meaning[]; readonly separator: Separator } | null
  /** Of CSV whose layout is not known yet: what whoever imports says of its columns; the first line is then titles unless it holds an address. */
  readonly columns?: readonly Meaning[] | null
  /** The number of the first line of the part, from 1. */
  readonly nextLine: number
}

export interface ImportEntry {
  readonly line: number
  readonly email: string
  readonly indexed: string
  readonly reason: SuppressionReason | null
  readonly scope: SuppressionScope | null
  readonly note: string | null
  readonly expiresAt: Date | null
}

export interface ReadPart {
  readonly entries: readonly ImportEntry[]
  readonly refused: readonly { readonly line: number; readonly problem: string }[]
  readonly place: ImportPlace
  /** Characters that were read; what is behind them is the beginning of the next part. */
  readonly taken: number
}

/** Entries of one part: what is sealed, indexed and written in one transaction. */
export const PART_ENTRIES_MAX = 5_000
export const PART_CHARS_MAX = 1_048_576
/** A line, or a record of CSV that a quote carries over several. */
const RECORD_CHARS_MAX = 20_000
const RECORD_LINES_MAX = 50
const COLUMNS_MAX = 200
const NOTE_CHARS_MAX = 1_000

/** Titles as other systems write them, in lower case and without blanks, `_` and `-`. */
const TITLES: ReadonlyMap<string, Meaning> = new Map([
  ['email', 'email'],
  ['emailaddress', 'email'],
  ['address', 'email'],
  ['recipient', 'email'],
  ['mail', 'email'],
  ['reason', 'reason'],
  ['suppressionreason', 'reason'],
  ['type', 'reason'],
  ['scope', 'scope'],
  ['appliesto', 'scope'],
  ['note', 'note'],
  ['comment', 'note'],
  ['description', 'note'],
  ['expiresat', 'expiresAt'],
  ['expires', 'expiresAt'],
])

/** Reasons as other systems write them, in the same form. */
const REASONS: ReadonlyMap<string, SuppressionReason> = new Map([
  ...SUPPRESSION_REASONS.map((reason) => [reason.replace('_', ''), reason] as const),
  ['bounce', 'hard_bounce'],
  ['bounced', 'hard_bounce'],
  ['bounces', 'hard_bounce'],
  ['permanent', 'hard_bounce'],
  ['complained', 'complaint'],
  ['complaints', 'complaint'],
  ['spam', 'complaint'],
  ['spamcomplaint', 'complaint'],
  ['spamreport', 'complaint'],
  ['unsubscribed', 'unsubscribe'],
  ['unsubscribes', 'unsubscribe'],
  ['manualsuppression', 'manual'],
])

/**
 * Reads one part of an import: whole records only, at most 5,000 entries; with `isLast` the end of the text ends the last record too. A
 * line that cannot be taken is refused by its number and in our words, and the rest goes on. Linear in the text.
 * Answers what is wrong where this is no such file: a first line that names no column of addresses and holds none, a line without end.
 */
export function readPart(
  given: string,
  place: ImportPlace,
  isLast: boolean,
  nowMs: number,
): ReadPart | { readonly problem: string } {
  const text = isLast && !given.endsWith('\n') ? `${given}\n` : given
  const entries: ImportEntry[] = []
  const refused: { line: number; problem: string }[] = []
  let { layout } = place
  let line = place.nextLine
  let at = line === 1 && text.startsWith('\ufeff') ? 1 : 0
  while (at < text.length && entries.length + refused.length < PART_ENTRIES_MAX) {
    const separator = layout?.separator ?? separatorAt(text, at)
    const record = place.format === 'csv' ? csvRecord(text, at, separator) : jsonRecord(text, at)
    if (record.kind === 'unfinished') {
      const end = lineEnd(text, at)
      if (text.length - at <= RECORD_CHARS_MAX && !isLast) break
      if (end === null) return { problem: `line ${line} is longer than ${RECORD_CHARS_MAX} characters` }
      // A quote that is never closed would swallow the file: only its own line is refused.
      refused.push({ line, problem: 'has a quote that is not closed' })
      line += 1
      at = end
      continue
    }
    const begun = line
    at = record.end
    line += record.lines
    if (record.kind === 'empty') continue
    if (record.kind === 'bad') {
      refused.push({ line: begun, problem: record.problem })
      continue
    }
    let { values } = record
    if (record.cells !== null) {
      if (layout === null) {
        const columns = place.columns == null ? columnsOf(record.cells) : chosen(place.columns, record.cells)
        if (columns === null)
          return { problem: `line ${begun} neither names a column "email" nor holds an address` }
        layout = { columns: columns.meanings, separator }
        if (columns.areTitles) continue
      }
      values = cellsOf(record.cells, layout.columns)
    }
    const read = entryOf(values, begun, nowMs)
    if ('problem' in read) refused.push(read)
    else entries.push(read)
  }
  return { entries, refused, place: { ...place, layout, nextLine: line }, taken: Math.min(at, given.length) }
}

type Fields = Readonly<Partial<Record<Meaning, string>>>

type RawRecord =
  /** `cells` of CSV, `values` of JSON. */
  | {
      readonly kind: 'values'
      readonly end: number
      readonly lines: number
      readonly cells: readonly string[] | null
      readonly values: Fields
    }
  | { readonly kind: 'empty'; readonly end: number; readonly lines: number }
  | { readonly kind: 'bad'; readonly end: number; readonly lines: number; readonly problem: string }
  /** Its end is not in the text, or further away than a record may be long. */
  | { readonly kind: 'unfinished' }

/** Behind the end of the line that begins at `start`; null: it is not in the text. */
function lineEnd(text: string, start: number): number | null {
  const end = text.indexOf('\n', start)
  return end < 0 ? null : end + 1
}

function jsonRecord(text: string, start: number): RawRecord {
  const end = lineEnd(text, start)
  if (end === null) return { kind: 'unfinished' }
  const lines = 1
  if (end - start > RECORD_CHARS_MAX)
    return { kind: 'bad', end, lines, problem: `is longer than ${RECORD_CHARS_MAX} characters` }
  const line = text.slice(start, end).trim()
  if (line === '') return { kind: 'empty', end, lines }
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return { kind: 'bad', end, lines, problem: 'is not JSON' }
  }
  if (typeof value === 'string') return { kind: 'values', end, lines, cells: null, values: { email: value } }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { kind: 'bad', end, lines, problem: 'is neither an object nor a text' }
  const values: Partial<Record<Meaning, string>> = {}
  for (const [key, item] of Object.entries(value)) {
    // Our own exports end with a line of this type.
    if (key === 'type' && item === 'end') return { kind: 'empty', end, lines }
    if (key === 'type' && item === 'entry') continue
    const meaning = meaningOf(key)
    if (meaning === 'ignored' || item === null) continue
    if (typeof item !== 'string') return { kind: 'bad', end, lines, problem: `${meaning} is not a text` }
    values[meaning] ??= item
  }
  return { kind: 'values', end, lines, cells: null, values }
}

/** One record of CSV (RFC 4180): fields in quotes may hold line ends, and `""` for a quote. */
function csvRecord(text: string, start: number, separator: Separator): RawRecord {
  const limit = start + RECORD_CHARS_MAX
  const cells: string[] = []
  let lines = 1
  let at = start
  for (;;) {
    if (text[at] === '"') {
      const quoted = quotedCell(text, at, limit)
      if (quoted === null) return { kind: 'unfinished' }
      cells.push(quoted.value)
      lines += quoted.lines
      at = quoted.end
    } else {
      const from = at
      while (at < text.length && at < limit && text[at] !== separator && text[at] !== '\n') at += 1
      cells.push(text.slice(from, at).replace(/\r$/, ''))
    }
    if (at >= limit || lines > RECORD_LINES_MAX || cells.length > COLUMNS_MAX) return tooLong(text, start)
    if (at >= text.length) return { kind: 'unfinished' }
    if (text[at] === separator) {
      at += 1
      continue
    }
    if (text[at] === '\r' && text[at + 1] === '\n') at += 1
    if (text[at] === '\n') break
    if (text[at] === '\r' && at + 1 >= text.length) return { kind: 'unfinished' }
    const end = lineEnd(text, at)
    if (end === null) return { kind: 'unfinished' }
    return { kind: 'bad', end, lines, problem: 'has text behind a closing quote' }
  }
  const end = at + 1
  return cells.every((cell) => cell.trim() === '')
    ? { kind: 'empty', end, lines }
    : { kind: 'values', end, lines, cells, values: {} }
}

/** Refuses the first line of a record that goes on and on; what is behind it may be good. */
function tooLong(text: string, start: number): RawRecord {
  const end = lineEnd(text, start)
  if (end === null) return { kind: 'unfinished' }
  return { kind: 'bad', end, lines: 1, problem: 'is too long, or has a quote that is not closed' }
}

function quotedCell(
  text: string,
  start: number,
  limit: number,
): { readonly value: string; readonly end: number; readonly lines: number } | null {
  let at = start + 1
  let lines = 0
  while (at < text.length && at < limit && lines <= RECORD_LINES_MAX) {
    if (text[at] === '\n') lines += 1
    if (text[at] === '"') {
      if (text[at + 1] !== '"')
        return { value: text.slice(start + 1, at).replaceAll('""', '"'), end: at + 1, lines }
      at += 1
    }
    at += 1
  }
  return null
}

/** Spreadsheets of many countries write semicolons, and databases tabs; the first line tells. */
function separatorAt(text: string, start: number): Separator {
  const end = lineEnd(text, start)
  const first = text.substring(start, Math.min(end ?? text.length, start + RECORD_CHARS_MAX))
  return SEPARATORS.find((separator) => first.includes(separator)) ?? ','
}

/** What the columns mean: by their titles, or by place (address, reason, note) where the first line is an entry. Null: neither. */
function columnsOf(
  cells: readonly string[],
): { readonly meanings: readonly Meaning[]; readonly areTitles: boolean } | null {
  const meanings = cells.map((cell, position) => {
    const meaning = meaningOf(cell)
    // The first column of a meaning counts.
    return cells.findIndex((other) => meaningOf(other) === meaning) === position ? meaning : 'ignored'
  })
  if (meanings.includes('email')) return { meanings, areTitles: true }
  return cells[0]?.includes('@') === true ? { meanings: ['email', 'reason', 'note'], areTitles: false } : null
}

/** The columns as they were chosen. A first line without an address where addresses are to be is one of titles. */
function chosen(
  meanings: readonly Meaning[],
  cells: readonly string[],
): { readonly meanings: readonly Meaning[]; readonly areTitles: boolean } {
  return { meanings, areTitles: cells[meanings.indexOf('email')]?.includes('@') !== true }
}

function cellsOf(cells: readonly string[], columns: readonly Meaning[]): Fields {
  const values: Partial<Record<Meaning, string>> = {}
  for (const [position, meaning] of columns.entries()) {
    const cell = cells[position]?.trim() ?? ''
    if (meaning !== 'ignored' && cell !== '') values[meaning] = cell
  }
  return values
}

function plainWord(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]/g, '')
}

function meaningOf(title: string): Meaning {
  if (title.length > 40) return 'ignored'
  return TITLES.get(plainWord(title)) ?? 'ignored'
}

/** Problems say nothing of the line: they are kept, and the line may hold somebody's address. */
function entryOf(
  fields: Fields,
  line: number,
  nowMs: number,
): ImportEntry | { readonly line: number; readonly problem: string } {
  const refuse = (problem: string) => ({ line, problem })
  if (fields.email === undefined) return refuse('holds no address')
  const parsed = parseAddress(fields.email)
  if (!parsed.ok) return refuse(`the address ${parsed.problem}`.slice(0, 200))
  const reason = fields.reason === undefined ? null : REASONS.get(plainWord(fields.reason))
  if (reason === undefined) return refuse(`the reason is none of ${SUPPRESSION_REASONS.join(', ')}`)
  const scope = SUPPRESSION_SCOPES.find((known) => known === fields.scope?.toLowerCase()) ?? null
  if (fields.scope !== undefined && scope === null) return refuse('the scope is neither all nor bulk')
  const note = fields.note ?? null
  if (note !== null && note.length > NOTE_CHARS_MAX)
    return refuse(`the note is longer than ${NOTE_CHARS_MAX} characters`)
  const expiresAt = fields.expiresAt === undefined ? null : Expiry.safeParse(fields.expiresAt)
  if (expiresAt?.success === false) return refuse('the time of its end is not like 2026-01-31T09:00:00Z')
  const ends = expiresAt === null ? null : new Date(expiresAt.data)
  const problem = ends === null ? null : expiryProblem(ends, nowMs)
  if (problem !== null) return refuse(`the time of its end ${problem}`)
  const { email } = parsed.address
  return { line, email, indexed: normaliseForIndex(email), reason, scope, note, expiresAt: ends }
}
