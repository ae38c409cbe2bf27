import { Fault, invalidField } from '../../kernel/faults.ts'
import { pathText } from './problem.ts'

const NUL_ESCAPE = Buffer.from('\\u0000')

/**
 * No call takes so many, and a body packed with gzip says ten million in 30 kB: those take half a minute and a gigabyte to parse, in a process
 * that serves everybody.
 */
const VALUES_MAX = 400_000

/**
 * Parses a JSON body. Refused: what is not UTF-8, not JSON, or not an object; more values than VALUES_MAX; NUL characters (PostgreSQL cannot
 * hold them and no field of ours means them); `__proto__` keys are own properties after JSON.parse and fall to the strict schema.
 */
export function parseJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return {}
  if (bytes.length > VALUES_MAX && hasMoreValues(bytes, VALUES_MAX))
    throw new Fault('too_large', { detail: `The body holds more than ${VALUES_MAX} values.` })
  let value: unknown
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    value = SURROGATE.test(text) ? JSON.parse(text, wellFormed) : JSON.parse(text)
  } catch (error) {
    throw new Fault('malformed_json', {
      detail: `The body is not valid JSON in UTF-8: ${error instanceof Error ? error.message.slice(0, 200) : 'unreadable'}.`,
      cause: error,
    })
  }
  if (bytes.includes(NUL_ESCAPE) || bytes.includes(0)) refuseNul(value, [])
  return value
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN_LIST = 0x5b
const OPEN_OBJECT = 0x7b

/** Told from what separates values and opens them, in one pass over the bytes. */
function hasMoreValues(bytes: Buffer, max: number): boolean {
  let values = 0
  let isText = false
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (isText) {
      if (byte === BACKSLASH) at++
      else if (byte === QUOTE) isText = false
    } else if (byte === QUOTE) isText = true
    else if ((byte === COMMA || byte === OPEN_LIST || byte === OPEN_OBJECT) && ++values > max) return true
  }
  return false
}

const SURROGATE = /\\u[dD][89a-fA-F]/

/**
 * Half of a surrogate pair, as programs write that cut a text within an emoji, is read as U+FFFD: it has no bytes in UTF-8, PostgreSQL takes none,
 * and what is sealed or hashed would say something else than what was given.
 */
function wellFormed(_key: string, value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value)
  return entries.every(([key]) => key.isWellFormed())
    ? value
    : Object.fromEntries(entries.map(([key, held]) => [key.toWellFormed(), held]))
}

/** No field of ours is nested so deep; without a bound a hostile body would exhaust the stack here. */
const DEPTH_MAX = 64

function refuseNul(value: unknown, path: PropertyKey[]): void {
  if (path.length > DEPTH_MAX)
    throw invalidField(pathText(path.slice(0, 3)), `is nested deeper than ${DEPTH_MAX} levels`)
  if (typeof value === 'string') {
    if (value.includes('\0'))
      throw invalidField(pathText(path), 'contains a NUL character', 'Remove the character U+0000.')
    return
  }
  if (typeof value !== 'object' || value === null) return
  for (const [key, item] of Object.entries(value)) {
    if (key.includes('\0'))
      throw invalidField(pathText(path), 'has a key with a NUL character', 'Remove the character U+0000.')
    refuseNul(item, [...path, Array.isArray(value) ? Number(key) : key])
  }
}

/** Query parameters as an object; a repeated one becomes an array. */
export function queryObject(query: URLSearchParams): Record<string, string | string[]> {
  const result: Record<string, string | string[]> = Object.create(null)
  for (const key of new Set(query.keys())) {
    const values = query.getAll(key)
    if (values.some((value) => value.includes('\0'))) throw invalidField(key, 'contains a NUL character')
    const [only] = values
    result[key] = values.length === 1 && only !== undefined ? only : values
  }
  return result
}
