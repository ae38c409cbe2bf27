import { createHash } from 'node:crypto'
import { ED25519_KEY_BYTES, ed25519Signer } from './ed25519.ts'
import { decodeBase64 } from './encoding.ts'
import { TlogFault } from './fault.ts'

/** Signature types of C2SP signed-note that this package knows. */
export const SIGNATURE_TYPES = { note: 0x01, cosignature: 0x04 } as const
export type SignatureType = (typeof SIGNATURE_TYPES)[keyof typeof SIGNATURE_TYPES]

const KEY_TEXT_CHARS_MAX = 1024
const NAME_CHARS_MAX = 255

/** A public key by which notes are trusted: what a `vkey` says (C2SP signed-note, "Verifier keys"). */
export interface VerifierKey {
  readonly name: string
  readonly type: SignatureType
  /** The first four bytes of the key's hash, as eight hexadecimal digits. */
  readonly keyId: string
  readonly publicKey: Buffer
  /** The vkey. */
  readonly text: string
}

/** Whether a name may stand in a signature line: not empty, no spaces, no plus (C2SP signed-note). */
export function isKeyName(name: string): boolean {
  return (
    name.length > 0 && name.length <= NAME_CHARS_MAX && name.isWellFormed() && !/[\s+\p{Z}\p{Cc}]/u.test(name)
  )
}

/** The key id: SHA-256(name ‖ 0x0A ‖ type ‖ public key), first four bytes, in hexadecimal digits. */
export function keyIdOf(name: string, type: SignatureType, publicKey: Uint8Array): string {
  return createHash('sha256')
    .update(`${name}\n`)
    .update(Buffer.of(type))
    .update(publicKey)
    .digest()
    .toString('hex', 0, 4)
}

/** Makes a verifier key of its parts. */
export function verifierKey(name: string, type: SignatureType, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(name)) throw new TlogFault(`"${name.slice(0, 80)}" cannot be the name of a key`)
  if (publicKey.length !== ED25519_KEY_BYTES) throw new TlogFault('an Ed25519 public key has 32 bytes')
  const keyId = keyIdOf(name, type, publicKey)
  const material = Buffer.concat([Buffer.of(type), publicKey])
  return {
    name,
    type,
    keyId,
    publicKey: Buffer.from(publicKey),
    text: `${name}+${keyId}+${material.toString('base64')}`,
  }
}

/** Reads `<name>+<key id>+<base64(type ‖ key)>`; the key id must be that of the key. */
export function parseVerifierKey(text: string): VerifierKey {
  if (text.length > KEY_TEXT_CHARS_MAX) throw new TlogFault('the verifier key is too long')
  const match = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim())
  if (match === null) throw new TlogFault('a verifier key reads <name>+<key id>+<base64>')
  const [, name = '', keyId = '', encoded = ''] = match
  const material = decodeBase64(encoded, 'the verifier key')
  const type = typeOf(material[0])
  const key = verifierKey(name, type, material.subarray(1))
  if (key.keyId !== keyId) throw new TlogFault(`the key id ${keyId} is not that of the key`)
  return key
}

/** Signs notes with one key. */
export interface NoteSigner {
  readonly key: VerifierKey
  readonly sign: (message: Uint8Array) => Buffer
}

/** A signer of an Ed25519 seed of 32 bytes. */
export function noteSigner(name: string, type: SignatureType, seed: Uint8Array): NoteSigner {
  const pair = ed25519Signer(seed)
  return { key: verifierKey(name, type, pair.publicKey), sign: (message) => pair.sign(message) }
}

/** A private key as text, `PRIVATE+KEY+<name>+<key id>+<base64(type ‖ seed)>`: the form of golang.org/x/mod/sumdb/note. */
export function formatSignerKey(name: string, type: SignatureType, seed: Uint8Array): string {
  const { key } = noteSigner(name, type, seed)
  return `PRIVATE+KEY+${name}+${key.keyId}+${Buffer.concat([Buffer.of(type), seed]).toString('base64')}`
}

/** Reads what `formatSignerKey` writes. The errors do not repeat the text: it is a secret. */
export function parseSignerKey(text: string): NoteSigner {
  const match = /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(
    text.slice(0, KEY_TEXT_CHARS_MAX).trim(),
  )
  if (match === null)
    throw new TlogFault('the private key does not read PRIVATE+KEY+<name>+<key id>+<base64>')
  const [, name = '', keyId = '', encoded = ''] = match
  const material = decodeBase64(encoded, 'the private key')
  const signer = noteSigner(name, typeOf(material[0]), material.subarray(1))
  if (signer.key.keyId !== keyId) throw new TlogFault('the key id in the private key is not that of the key')
  return signer
}

function typeOf(byte: number | undefined): SignatureType {
  const type = Object.values(SIGNATURE_TYPES).find((known) => known === byte)
  if (type === undefined) throw new TlogFault('the type of the key is not Ed25519 (1) or cosignature/v1 (4)')
  return type
}
