import type { TomlFile } from '../../platform/toml/index.ts'
import { nearest } from './nearest.ts'

/** One thing that is wrong with a file, and what to do. */
export interface RulesProblem {
  /** The name under which the file was given. */
  readonly file: string
  /** Counted from 1; null where it belongs to no line. */
  readonly line: number | null
  /** Path of the table or key, such as `provider.google.connections`; empty for the whole file. */
  readonly field: string
  readonly problem: string
  readonly fix: string
}

export type Path = readonly (string | number)[]
export type Table = Readonly<Record<string, unknown>>

/** More problems than a person reads at once are not collected. */
export const PROBLEMS_MAX = 100

/** Walks the values of one parsed file and notes what is wrong, with its line. */
export interface Reader {
  readonly name: string
  readonly problems: readonly RulesProblem[]
  note(path: Path, problem: string, fix: string): void
  /** Where a key stands, as people look for it: `shaping.toml:12`. */
  where(path: Path): string
  /** The value as a table; null, and noted, where it is something else. Absent is an empty table. */
  table(value: unknown, path: Path): Table | null
  /** The value as an array of tables; absent is empty. At most `most`. */
  tables(value: unknown, path: Path, most: number): Table[]
  /** Notes keys that nobody knows, with the nearest that somebody does. */
  onlyKeys(table: Table, path: Path, known: readonly string[]): void
}

export function createReader(name: string, file: TomlFile): Reader {
  const problems: RulesProblem[] = []

  function note(path: Path, problem: string, fix: string): void {
    if (problems.length >= PROBLEMS_MAX) return
    problems.push({ file: name, line: file.lineOf(path), field: showPath(path), problem, fix })
  }

  function table(value: unknown, path: Path): Table | null {
    if (value === undefined) return {}
    if (isTable(value)) return value
    note(path, 'is not a table', `write [${showPath(path)}] on a line of its own, and its keys below`)
    return null
  }

  return {
    name,
    problems,
    note,
    where: (path) => {
      const line = file.lineOf(path)
      return line === null ? name : `${name}:${line}`
    },
    table,
    tables(value, path, most) {
      if (value === undefined) return []
      const fix = `write [[${showPath(path)}]] before each of them`
      if (!Array.isArray(value)) {
        note(path, 'is not a list of tables', fix)
        return []
      }
      if (value.length > most) note(path, `has more than ${most} tables`, 'remove some')
      return value.slice(0, most).map((each, at) => {
        if (isTable(each)) return each
        note([...path, at], 'is not a table', fix)
        return {}
      })
    },
    onlyKeys(read, path, known) {
      for (const key of Object.keys(read)) {
        if (known.includes(key)) continue
        const meant = nearest(key, known)
        note(
          [...path, key],
          'is not known',
          meant === null ? `write one of ${known.join(', ')}` : `write ${meant}, or remove it`,
        )
      }
    },
  }
}

export function isTable(value: unknown): value is Table {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  // Dates of the parser are objects too.
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

/** As TOML writes it; positions in brackets, from 0. */
export function showPath(path: Path): string {
  let shown = ''
  for (const step of path) {
    if (typeof step === 'number') {
      shown += `[${step}]`
      continue
    }
    const name = /^[A-Za-z0-9_-]{1,100}$/.test(step) ? step : JSON.stringify(step.slice(0, 100))
    shown += shown === '' ? name : `.${name}`
  }
  return shown
}
