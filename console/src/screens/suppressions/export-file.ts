import type { Api } from '../../api/client.ts'
import { filterInput, type SuppressionFilter } from './suppressions-queries.ts'

const TITLES = ['email', 'reason', 'scope', 'note', 'expiresAt', 'createdAt'] as const
const PART = 5_000

export interface ExportStep {
  /** Text of the file, to be put behind what came before. */
  readonly text: string
  readonly entries: number
  /** Entries whose address is no more; they are not in the file. */
  readonly erased: number
}

/** The list as a file, part by part: CSV that can be imported again, or JSON lines with the evidence. */
export async function* exportSteps(
  api: Api,
  filter: Omit<SuppressionFilter, 'email'>,
  format: 'csv' | 'jsonl',
  signal: AbortSignal,
): AsyncGenerator<ExportStep> {
  let cursor: string | undefined
  if (format === 'csv') yield { text: csvLine(TITLES), entries: 0, erased: 0 }
  do {
    const bytes = await api.suppressions.export(
      { ...filterInput(filter), limit: PART, ...(cursor === undefined ? {} : { cursor }) },
      { signal },
    )
    const lines = new TextDecoder().decode(bytes).trimEnd().split('\n')
    const end = objectOf(lines.pop() ?? '{}')
    const text = lines.map((line) => (format === 'jsonl' ? `${line}\n` : csvOf(objectOf(line)))).join('')
    yield { text, entries: lines.length, erased: Number(end['erased'] ?? 0) }
    cursor = typeof end['next'] === 'string' ? end['next'] : undefined
  } while (cursor !== undefined)
}

function csvOf(entry: Readonly<Record<string, unknown>>): string {
  return csvLine(
    TITLES.map((title) => {
      const value = entry[title]
      if (typeof value !== 'string') return ''
      // A note may come from anywhere, and a spreadsheet takes what begins like this for a formula.
      return title === 'note' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
    }),
  )
}

/** A line of CSV (RFC 4180). */
export function csvLine(cells: readonly string[]): string {
  return `${cells
    .map((cell) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
    .join(',')}\r\n`
}

function objectOf(line: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(line)
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
