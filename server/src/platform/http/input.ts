import { Fault, invalidField } from '../../kernel/faults.ts'
import { pathText } from './problem.ts'

const NUL_ESCAPE = Buffer.from('\\u0000')

/**
 * Parses a JSON body. Refused: what is not UTF-8, not JSON, or not an object; NUL characters (PostgreSQL cannot hold them and
 * no field of ours means them); `__proto__` keys are own properties after JSON.parse and fall to the strict schema.
 */
export function parseJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return {}
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new Fault('malformed_json', {
      detail: `The body is not valid JSON in UTF-8: ${error instanceof Error ? error.message.slice(0, 200) : 'unreadable'}.`,
      cause: error,
    })
  }
  if (bytes.includes(NUL_ESCAPE) || bytes.includes(0)) refuseNul(value, [])
  return value
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
