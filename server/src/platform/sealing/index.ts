/**
 * Sealing of stored values with content keys that the keyring hands out. The key never leaves the process's memory; what is stored
 * carries the key's id, and opens only in the place it was sealed for.
 *
 * Format: version byte 1 | key id 16 | nonce 12 (random) | ciphertext | tag 16. AES-256-GCM; the additional data is the head and the
 * place, each field preceded by its length, so that no two places give the same bytes.
 */
export { createNonces, open, seal, sealedKeyId, SEALED_OVERHEAD_BYTES, SealedValueError } from './sealing.ts'
export type { ContentKey, FillNonce, SealedPlace } from './sealing.ts'
