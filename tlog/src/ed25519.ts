import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { TlogFault } from './fault.ts'

/** Bytes of a seed and of a public key (RFC 8032 §5.1.5). */
export const ED25519_KEY_BYTES = 32
/** Bytes of a signature (RFC 8032 §5.1.6). */
export const ED25519_SIGNATURE_BYTES = 64

// The fixed heads of RFC 8410 around the 32 bytes of a key.
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex')

/** What signs with a seed of 32 bytes, and its public key. */
export function ed25519Signer(seed: Uint8Array): {
  readonly publicKey: Buffer
  sign(message: Uint8Array): Buffer
} {
  if (seed.length !== ED25519_KEY_BYTES) throw new TlogFault('an Ed25519 seed has 32 bytes')
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(SPKI_HEAD.length)
  return { publicKey, sign: (message) => sign(null, message, key) }
}

/** Whether the signature is the key's over the message; false for keys and signatures that are none. */
export function ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== ED25519_KEY_BYTES || signature.length !== ED25519_SIGNATURE_BYTES) return false
  try {
    const key = createPublicKey({ key: Buffer.concat([SPKI_HEAD, publicKey]), format: 'der', type: 'spki' })
    return verify(null, message, key, signature)
  } catch {
    return false
  }
}
