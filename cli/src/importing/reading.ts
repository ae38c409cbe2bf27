import { createHash } from 'node:crypto'
import { UsageError } from '../failure.ts'

/** What stands in answers of a vendor, which may be anything. */

/** A list that an account has. Where there is none, something else answered: nothing would look like an empty account. */
export function rows(value: unknown, call: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new UsageError(`The answer to ${call} is no list: is that the vendor, and --from right?`)
}

/** Refuses the place of a page that was there before: the list would have no end. */
export function createPlaces(call: string): (place: string) => void {
  const seen = new Set<string>()
  return (place) => {
    const digest = createHash('sha256').update(place).digest('base64')
    if (seen.has(digest)) throw new UsageError(`${call} answers the same page again: the list has no end.`)
    seen.add(digest)
  }
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined
}

/** A text, or a number as text; undefined for everything else, and for an empty one. */
export function text(value: unknown, name: string): string | undefined {
  const found = field(value, name)
  if (typeof found === 'number') return String(found)
  return typeof found === 'string' && found !== '' ? found : undefined
}

export function flag(value: unknown, name: string): boolean {
  return field(value, name) === true
}
