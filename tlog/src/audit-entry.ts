import { createHash } from 'node:crypto'
import { decodeBase64 } from './encoding.ts'
import { TlogFault } from './fault.ts'
import { HASH_BYTES } from './merkle.ts'

/** The first line of every entry of Bulkhead's audit log. */
const ENTRY_VERSION = 'bulkhead-audit/v1'
const DEPTH_MAX = 20

/** A value of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * JSON in one spelling: members sorted by UTF-16 code units, no white space, numbers and strings as ECMAScript writes them
 * (RFC 8785). What is committed to are these bytes.
 */
export function canonicalJson(value: Json, depth = 0): string {
  if (depth > DEPTH_MAX) throw new TlogFault(`the record is nested more than ${DEPTH_MAX} deep`)
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new TlogFault('a record holds finite numbers')
  if (typeof value === 'string' && !value.isWellFormed())
    throw new TlogFault('a record holds well-formed text')
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (isList(value)) return `[${value.map((item) => canonicalJson(item, depth + 1)).join(',')}]`
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null, depth + 1)}`)
  return `{${members.join(',')}}`
}

/** What the public entry says of a record: SHA-256(salt ‖ canonical record). Without the 32 bytes of salt nobody can guess the record. */
export function commitmentOf(salt: Uint8Array, record: string): Buffer {
  if (salt.length !== HASH_BYTES) throw new TlogFault('a salt has 32 bytes')
  return createHash('sha256').update(salt).update(record).digest()
}

/** The public entry of the log: a version line and the commitment. */
export function logEntry(commitment: Uint8Array): Buffer {
  return Buffer.from(`${ENTRY_VERSION}\n${Buffer.from(commitment).toString('base64')}\n`)
}

/** The commitment in a public entry. */
export function parseLogEntry(entry: Uint8Array): Buffer {
  const [version, encoded = '', end, ...more] = Buffer.from(entry).toString('latin1').split('\n')
  const commitment = encoded.length > 64 ? Buffer.alloc(0) : decodeBase64(encoded, 'the commitment')
  if (version !== ENTRY_VERSION || end !== '' || more.length > 0 || commitment.length !== HASH_BYTES)
    throw new TlogFault('this is not an entry of an audit log')
  return commitment
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value)
}
