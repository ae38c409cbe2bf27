import { decodeCBOR, decodePartialCBOR } from '@levischuck/tiny-cbor'

/** What an authenticator says of itself and of a credential (WebAuthn Level 3 §6.1). */
export interface AuthenticatorData {
  /** SHA-256 of the relying party's id. */
  readonly rpIdHash: Buffer
  readonly isUserPresent: boolean
  readonly isUserVerified: boolean
  readonly isBackupEligible: boolean
  readonly isBackedUp: boolean
  readonly signCount: number
  /** There when a credential is made. */
  readonly credential: { readonly id: Buffer; readonly publicKey: Buffer } | null
}

const FLAGS = {
  present: 0x01,
  verified: 0x04,
  eligible: 0x08,
  backedUp: 0x10,
  credential: 0x40,
  extensions: 0x80,
}
const HEADER_BYTES = 37
const AAGUID_BYTES = 16

/**
 * Reads authenticator data to its last byte; what extensions say is checked for its form and left.
 * @throws Error where it is too short, too long or no CBOR.
 */
export function parseAuthenticatorData(bytes: Buffer): AuthenticatorData {
  if (bytes.length < HEADER_BYTES) throw new Error('authenticator data is too short')
  const flags = bytes.readUInt8(32)
  const has = (flag: number): boolean => (flags & flag) !== 0
  let at = HEADER_BYTES
  let credential: AuthenticatorData['credential'] = null
  if (has(FLAGS.credential)) {
    const idBytes = bytes.readUInt16BE(at + AAGUID_BYTES)
    const idAt = at + AAGUID_BYTES + 2
    const id = bytes.subarray(idAt, idAt + idBytes)
    if (id.length !== idBytes) throw new Error('the credential id is cut off')
    at = idAt + idBytes
    const keyBytes = itemBytes(bytes.subarray(at))
    credential = { id, publicKey: bytes.subarray(at, at + keyBytes) }
    at += keyBytes
  }
  if (has(FLAGS.extensions)) at += itemBytes(bytes.subarray(at))
  if (at !== bytes.length) throw new Error('bytes are left over after authenticator data')
  return {
    rpIdHash: bytes.subarray(0, 32),
    isUserPresent: has(FLAGS.present),
    isUserVerified: has(FLAGS.verified),
    isBackupEligible: has(FLAGS.eligible),
    isBackedUp: has(FLAGS.backedUp),
    signCount: bytes.readUInt32BE(33),
    credential,
  }
}

/**
 * The one CBOR map that `bytes` are, with nothing behind it.
 * @throws Error where they are something else, or are cut off.
 */
export function decodeMap(bytes: Buffer): ReadonlyMap<unknown, unknown> {
  // A copy of its own: the decoder reads the memory behind a view from its first byte.
  const value = decodeCBOR(new Uint8Array(bytes))
  if (!(value instanceof Map)) throw new Error('it is no CBOR map')
  return value
}

/** How many bytes the CBOR map at the start of `bytes` takes. */
function itemBytes(bytes: Buffer): number {
  const [value, length] = decodePartialCBOR(new Uint8Array(bytes), 0)
  // The decoder answers strings that are cut off as shorter ones, with the length that was announced.
  if (!(value instanceof Map) || length > bytes.length) throw new Error('it is no CBOR map, or is cut off')
  return length
}
