/** What a column can be taken for, as the API names it. */
export const MEANINGS = ['email', 'reason', 'scope', 'note', 'expiresAt', 'ignored'] as const
export type Meaning = (typeof MEANINGS)[number]

export interface Preview {
  readonly format: 'csv' | 'jsonl'
  /** The first rows, titles left out. Of JSON lines the whole line is the one cell. */
  readonly rows: readonly (readonly string[])[]
  /** Null: the first line is an entry. */
  readonly titles: readonly string[] | null
  /** What each column seems to be. */
  readonly guess: readonly Meaning[]
}

const ROWS_MAX = 100
const SEPARATORS = [',', ';', '\t'] as const

const WORDS: readonly (readonly [Meaning, RegExp])[] = [
  ['email', /^(?:e-?mail|mail|address|recipient|adresse|correo|courriel|indirizzo|e-?mail-?ad)/i],
  ['reason', /^(?:reason|suppression_?reason|type|grund|motif|motivo|event)/i],
  ['scope', /^(?:scope|applies_?to)/i],
  ['note', /^(?:note|comment|description|bemerkung|remarque|nota)/i],
  ['expiresAt', /^expires/i],
]

/** The first 100 rows of a file, and what its columns seem to be. `begin` is the begin of its text; a line that is cut off at its end is left out where `isWhole` is false. */
export function previewOf(name: string, begin: string, isWhole: boolean): Preview {
  const text = begin.replace(/^\ufeff/, '')
  if (/\.(?:jsonl|ndjson)$/i.test(name) || text.trimStart().startsWith('{"')) {
    const lines = text.split('\n')
    const whole = isWhole ? lines : lines.slice(0, -1)
    const rows = whole.filter((line) => line.trim() !== '').slice(0, ROWS_MAX)
    return { format: 'jsonl', rows: rows.map((line) => [line]), titles: null, guess: [] }
  }
  const separator = separatorOf(text.split('\n', 1)[0] ?? '')
  const records = recordsOf(text, separator, isWhole).slice(0, ROWS_MAX + 1)
  const [head, ...rest] = records
  if (head === undefined) return { format: 'csv', rows: [], titles: null, guess: ['email'] }
  const areTitles = !head.some((cell) => cell.includes('@'))
  const rows = areTitles ? rest : records
  const width = Math.max(...records.map((cells) => cells.length))
  return {
    format: 'csv',
    rows: rows.slice(0, ROWS_MAX),
    titles: areTitles ? head : null,
    guess: areTitles ? byTitles(head, width, rows) : byPlace(width, rows),
  }
}

/** Spreadsheets of many countries write semicolons, and databases tabs. */
function separatorOf(line: string): string {
  return SEPARATORS.find((separator) => line.includes(separator)) ?? ','
}

/** What the title words say; the column of addresses is found by its cells where no title names it. */
function byTitles(titles: readonly string[], width: number, rows: readonly (readonly string[])[]): Meaning[] {
  const found = Array.from({ length: width }, (_, at) => {
    const title = titles[at]?.trim() ?? ''
    return WORDS.find(([, words]) => words.test(title))?.[0] ?? 'ignored'
  })
  const once = found.map((meaning, at) => (found.indexOf(meaning) === at ? meaning : 'ignored'))
  return once.includes('email') ? once : withAddresses(once, rows)
}

function byPlace(width: number, rows: readonly (readonly string[])[]): Meaning[] {
  return withAddresses(
    Array.from({ length: width }, () => 'ignored' as const),
    rows,
  )
}

function withAddresses(columns: readonly Meaning[], rows: readonly (readonly string[])[]): Meaning[] {
  const addresses = columns.map((_, at) => rows.filter((cells) => cells[at]?.includes('@') === true).length)
  const at = addresses.indexOf(Math.max(...addresses))
  return columns.map((meaning, place) => (place === at ? 'email' : meaning))
}

/** Records of CSV (RFC 4180) for a look; the server reads the file by rules of its own and refuses by line. */
function recordsOf(text: string, separator: string, isWhole: boolean): string[][] {
  const records: string[][] = []
  let cells: string[] = []
  let cell = ''
  let isQuoted = false
  for (let at = 0; at < text.length && records.length <= ROWS_MAX; at++) {
    const char = text[at]
    if (isQuoted) {
      if (char !== '"') cell += char
      else if (text[at + 1] === '"') {
        cell += '"'
        at += 1
      } else isQuoted = false
    } else if (char === '"' && cell === '') isQuoted = true
    else if (char === separator) {
      cells.push(cell)
      cell = ''
    } else if (char === '\n') {
      cells.push(cell.replace(/\r$/, ''))
      if (cells.some((one) => one.trim() !== '')) records.push(cells)
      cells = []
      cell = ''
    } else cell += char
  }
  if (isWhole && (cell !== '' || cells.length > 0)) records.push([...cells, cell])
  return records
}
