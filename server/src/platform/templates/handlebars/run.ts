import type { JobClock } from '../job-clock.ts'
import { OutputTooLong } from '../output.ts'

/** `@index` and the like, of the innermost loop and those around it. */
export interface Frame {
  readonly key: string | number
  readonly index: number
  readonly first: boolean
  readonly last: boolean
  readonly outer: Frame | undefined
}

/** One rendering under way. */
export interface Run {
  readonly root: Readonly<Record<string, unknown>>
  readonly scopes: unknown[]
  frame: Frame | undefined
  readonly strict: boolean
  readonly clock: JobClock
  readonly nowMs: number
  readonly charsMax: number
  output: string
}

export function print(run: Run, text: string): void {
  run.clock.check()
  if (run.output.length + text.length > run.charsMax) throw new OutputTooLong(run.charsMax)
  run.output += text
}

/** A value as Handlebars prints it: as JavaScript does, nothing for what is missing. */
export function printed(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.map(printed).join(',')
  if (typeof value === 'object') return '[object Object]'
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#x27;',
  '`': '&#x60;',
  '=': '&#x3D;',
}

/** As handlebars.js escapes. */
export function escaped(text: string): string {
  return /[&<>"'`=]/.test(text) ? text.replace(/[&<>"'`=]/g, (character) => ESCAPES[character] ?? '') : text
}

/** A member of a value: its own properties alone, so that no prototype is reached. */
export function member(value: unknown, part: string): unknown {
  if (typeof value === 'string') {
    if (part === 'length') return value.length
    return /^\d+$/.test(part) ? value[Number(part)] : undefined
  }
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
  const held: unknown = Reflect.get(value, part)
  return held
}

/** Data that has its variables under the names by which they are asked for, too. Those it has exactly so are what is meant. */
export function underNames(
  data: Readonly<Record<string, unknown>>,
  names: Iterable<string>,
): Readonly<Record<string, unknown>> {
  const missing = [...new Set(names)].filter((name) => !Object.hasOwn(data, name))
  if (missing.length === 0) return data
  const known = new Map(Object.keys(data).map((key) => [key.toLowerCase(), key]))
  const named = { ...data }
  for (const name of missing) {
    const key = known.get(name.toLowerCase())
    // Loops over all variables find each of them once.
    if (key !== undefined) Object.defineProperty(named, name, { value: data[key], enumerable: false })
  }
  return named
}

/** What counts as true: not false, 0, "", nothing, and no empty list. */
export function isTrue(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value)
}

/** Prints a body within a value: paths begin there. */
export function within(run: Run, value: unknown, body: (run: Run) => void): void {
  // Handlebars takes no step down where it is already there: `../` counts steps.
  if (value === run.scopes.at(-1)) {
    body(run)
    return
  }
  run.scopes.push(value)
  body(run)
  run.scopes.pop()
}

/** Prints a body for each entry of a list or an object; false where there is none. */
export function eachOf(run: Run, value: unknown, body: (run: Run) => void): boolean {
  if (typeof value !== 'object' || value === null) return false
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? value.map((item, index) => [index, item])
    : Object.entries(value)
  const { frame: outer } = run
  entries.forEach(([key, item], index) => {
    run.clock.check()
    run.frame = { key, index, first: index === 0, last: index === entries.length - 1, outer }
    within(run, item, body)
  })
  run.frame = outer
  return entries.length > 0
}
