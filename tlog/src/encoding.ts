import { HASH_BYTES } from './merkle.ts'
import { TlogFault } from './fault.ts'

/**
 * Standard base64 (RFC 4648 §4) with padding and without slack: a text that does not encode back to itself is refused, so that
 * every value has one spelling.
 */
export function decodeBase64(text: string, what: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') !== text) throw new TlogFault(`${what} is not base64`)
  return bytes
}

/** A SHA-256 hash in base64. */
export function decodeHash(text: string, what: string): Buffer {
  const bytes = text.length > 64 ? Buffer.alloc(0) : decodeBase64(text, what)
  if (bytes.length !== HASH_BYTES) throw new TlogFault(`${what} is not a SHA-256 hash`)
  return bytes
}

/** A decimal without sign and leading zeroes, at most 2^53 - 1. */
export function decodeDecimal(text: string, what: string): number {
  const value = /^(?:0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(value)) throw new TlogFault(`${what} is not a decimal number`)
  return value
}

/** UTF-8 without replacement characters and without swallowing a byte order mark. */
export function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new TlogFault(`${what} is not UTF-8`)
  }
}
