import { isObject } from '../json-object.ts'
import type { JsonObject } from '../json-object.ts'
import { notValid } from './errors.ts'
import { treeOf } from './problem-tree.ts'
import type { Path, PlacedProblem } from './problem-tree.ts'

/** The vendor's words for what is wrong with a value. */
export const SAY = {
  blank: "Sorry, this field can't be left blank.",
  array: 'Please enter an array',
  object: 'Please enter an associative array',
  text: 'Please enter a string',
  flag: 'Please enter true or false',
  whole: 'Please enter an integer value',
  time: 'Please enter a valid date/time',
  email: 'An email address must contain a single @',
  url: 'That is not a valid URL',
} as const

/** Nobody reads more, and an answer must not be larger than what was asked. */
const PROBLEMS_MAX = 100

/** Collects what is wrong with a request, to be told at once. */
export interface Problems {
  add(path: Path, message: string): undefined
  /** Refuses the request where anything is wrong. */
  throwIfAny(): void
}

export function createProblems(): Problems {
  const found: PlacedProblem[] = []
  return {
    add: (path, message) => {
      if (found.length < PROBLEMS_MAX) found.push({ path, message })
    },
    throwIfAny() {
      if (found.length > 0) throw notValid(treeOf(found))
    },
  }
}

/** Null, and a text without characters where something else is wanted, are nothing: forms have no other way to leave a field out. */
function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null
}

export function textAt(problems: Problems, value: unknown, path: Path, charsMax = 1_000): string | undefined {
  if (isAbsent(value)) return undefined
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
  if (typeof text !== 'string') return problems.add(path, SAY.text)
  if (text.length > charsMax)
    return problems.add(path, `Enter a value not more than ${charsMax} characters long`)
  return text
}

const FLAGS: ReadonlyMap<unknown, boolean | undefined> = new Map<unknown, boolean | undefined>([
  [true, true],
  [1, true],
  ['true', true],
  ['1', true],
  ['yes', true],
  ['on', true],
  ['y', true],
  [false, false],
  [0, false],
  ['false', false],
  ['0', false],
  ['no', false],
  ['off', false],
  ['n', false],
  ['', undefined],
])

export function flagAt(problems: Problems, value: unknown, path: Path): boolean | undefined {
  if (isAbsent(value)) return undefined
  const known = typeof value === 'string' ? value.toLowerCase() : value
  return FLAGS.has(known) ? FLAGS.get(known) : problems.add(path, SAY.flag)
}

export function wholeAt(problems: Problems, value: unknown, path: Path): number | undefined {
  if (isAbsent(value) || value === '') return undefined
  const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : problems.add(path, SAY.whole)
}

export function listAt(problems: Problems, value: unknown, path: Path): readonly unknown[] | undefined {
  if (isAbsent(value) || value === '') return undefined
  // PHP writes a list whose first entries were taken out as an object.
  if (isObject(value) && Object.keys(value).every((key) => /^\d+$/.test(key))) return Object.values(value)
  return Array.isArray(value) ? value : problems.add(path, SAY.array)
}

export function textsAt(
  problems: Problems,
  value: unknown,
  path: Path,
  charsMax?: number,
): readonly string[] | undefined {
  return listAt(problems, value, path)?.flatMap((item, at) => {
    const text = textAt(problems, item, [...path, at], charsMax)
    return text === undefined ? [] : [text]
  })
}

export function objectAt(problems: Problems, value: unknown, path: Path): JsonObject | undefined {
  if (isAbsent(value) || value === '') return undefined
  // PHP writes an object without entries as a list without entries.
  if (Array.isArray(value) && value.length === 0) return {}
  return isObject(value) ? value : problems.add(path, SAY.object)
}

/** The list of objects that stands at a place. */
export function objectsAt(problems: Problems, value: unknown, path: Path): readonly JsonObject[] | undefined {
  return listAt(problems, value, path)?.flatMap((item, at) => {
    const object = objectAt(problems, item ?? '', [...path, at])
    return object === undefined ? [] : [object]
  })
}

/** A time as the vendor writes it, `YYYY-MM-DD HH:MM:SS` in UTC; ISO 8601 and a day alone are taken too. */
export function timeAt(problems: Problems, value: unknown, path: Path): Date | undefined {
  const text = textAt(problems, value, path)?.trim()
  if (text === undefined || text === '') return undefined
  const parts =
    /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?))?(Z|[+-]\d{2}:?\d{2})?$/i.exec(text)
  const time = parts === null ? null : new Date(`${parts[1]}T${parts[2] ?? '00:00'}${parts[3] ?? 'Z'}`)
  return time === null || Number.isNaN(time.getTime()) ? problems.add(path, SAY.time) : time
}

/** A time as the vendor tells it. */
export function toldTime(instant: string): string {
  return instant.slice(0, 19).replace('T', ' ')
}

export function unixTime(instant: string): number {
  return Math.floor(Date.parse(instant) / 1_000)
}

/** Variables over others: the later ones stand in the place of earlier ones, whatever their case. */
export function mergedVars(all: readonly JsonObject[]): Record<string, unknown> {
  const vars = new Map<string, readonly [name: string, content: unknown]>()
  for (const some of all) {
    for (const [name, content] of Object.entries(some)) vars.set(name.toLowerCase(), [name, content])
  }
  return Object.fromEntries(vars.values())
}
