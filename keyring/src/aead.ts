import type { KeyObject } from 'node:crypto'
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { Refusal } from './refusal.ts'

export const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const FORMAT = 1

/** Joins fields so that no two different lists give the same bytes: each is preceded by its length (u32). */
function bindFields(fields: readonly (string | number)[]): Buffer {
  const parts: Buffer[] = []
  for (const field of fields) {
    const bytes = Buffer.from(String(field), 'utf8')
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    parts.push(length, bytes)
  }
  return Buffer.concat(parts)
}

/** AES-256-GCM: format byte 1 | nonce 12 (random) | ciphertext | tag 16. `place` says what the value is and where it belongs. */
export function encrypt(key: KeyObject, place: readonly (string | number)[], plaintext: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(bindFields(place))
  const body = cipher.update(plaintext)
  cipher.final()
  return Buffer.concat([Buffer.of(FORMAT), nonce, body, cipher.getAuthTag()])
}

/** Opens what `encrypt` made. Throws `refused` where key, place or bytes differ; which of them is not told. */
export function decrypt(key: KeyObject, place: readonly (string | number)[], sealed: Buffer): Buffer {
  if (sealed.length < 1 + NONCE_BYTES + TAG_BYTES || sealed[0] !== FORMAT) {
    throw new Refusal('refused', 'The sealed value is not in a known format')
  }
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 1 + NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(bindFields(place))
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
  try {
    const body = decipher.update(sealed.subarray(1 + NONCE_BYTES, sealed.length - TAG_BYTES))
    decipher.final()
    return body
  } catch (error) {
    throw new Refusal('refused', 'The sealed value does not open here', error)
  }
}
