import { ed25519Verify } from './ed25519.ts'
import { decodeBase64, decodeUtf8 } from './encoding.ts'
import { TlogFault } from './fault.ts'
import { isKeyName, SIGNATURE_TYPES } from './note-keys.ts'
import type { NoteSigner, VerifierKey } from './note-keys.ts'

const NOTE_BYTES_MAX = 1_000_000
/** C2SP signed-note demands at least 16. */
const SIGNATURES_MAX = 64
/** Above the 2,420 bytes of ML-DSA-44, whose lines are carried along unread. */
const SIGNATURE_BYTES_MAX = 8192
const TIMESTAMP_BYTES = 8

export interface NoteSignature {
  readonly name: string
  /** Eight hexadecimal digits. */
  readonly keyId: string
  /** Without the four bytes of the key id. */
  readonly signature: Buffer
  /** The whole line without its newline. */
  readonly line: string
}

export interface Note {
  /** With its last newline. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** A signature that verified. */
export interface VerifiedSignature {
  readonly key: VerifierKey
  readonly signature: NoteSignature
  /** Seconds since 1970, of a cosignature. */
  readonly timestamp: number | null
}

/** Splits a signed note (C2SP signed-note, "Format"). Nothing is verified. */
export function parseNote(input: string | Uint8Array): Note {
  if (input.length > NOTE_BYTES_MAX) throw new TlogFault('the note is longer than 1 MB')
  const whole = typeof input === 'string' ? input : decodeUtf8(input, 'the note')
  assertNoteText(whole)
  const split = whole.lastIndexOf('\n\n')
  if (split === -1) throw new TlogFault('the note has no blank line before its signatures')
  const lines = whole.slice(split + 2).split('\n')
  if (lines.pop() !== '') throw new TlogFault('the note does not end with a newline')
  if (lines.length === 0) throw new TlogFault('the note has no signature')
  if (lines.length > SIGNATURES_MAX)
    throw new TlogFault(`the note has more than ${SIGNATURES_MAX} signatures`)
  return { text: whole.slice(0, split + 1), signatures: lines.map((line) => parseSignatureLine(line)) }
}

/** Reads one line `— <name> <base64>`, without its newline. */
export function parseSignatureLine(line: string): NoteSignature {
  const [dash, name = '', encoded = '', ...more] = line.split(' ')
  if (dash !== '—' || !isKeyName(name) || encoded === '' || more.length > 0)
    throw new TlogFault('a signature line reads "— <name> <base64>"')
  if (encoded.length > SIGNATURE_BYTES_MAX * 2) throw new TlogFault('the signature is too long')
  const bytes = decodeBase64(encoded, 'the signature')
  if (bytes.length < 5) throw new TlogFault('the signature is too short')
  return { name, keyId: bytes.toString('hex', 0, 4), signature: bytes.subarray(4), line }
}

/**
 * Checks the signatures of the given keys. Signatures of others are ignored, one of a known key that does not verify makes the note
 * invalid (C2SP signed-note, "Signatures").
 * @returns what verified, one per key; empty where no given key has signed.
 * @throws TlogFault where a signature of a given key is wrong.
 */
export function verifyNote(note: Note, keys: readonly VerifierKey[]): VerifiedSignature[] {
  const verified = new Map<VerifierKey, VerifiedSignature>()
  for (const signature of note.signatures) {
    const key = keys.find((known) => known.name === signature.name && known.keyId === signature.keyId)
    if (key === undefined || verified.has(key)) continue
    verified.set(key, verifySignature(note.text, signature, key))
  }
  return [...verified.values()]
}

/** Signs a text that ends with a newline. @returns the signature line without its newline. */
export function signNoteText(text: string, signer: NoteSigner): string {
  if (signer.key.type !== SIGNATURE_TYPES.note)
    throw new TlogFault('this key cosigns; it does not sign notes')
  assertNoteText(text)
  return signatureLine(signer.key, signer.sign(Buffer.from(text)))
}

/**
 * Cosigns the text of a checkpoint (C2SP tlog-cosignature, Ed25519).
 * @param timestamp seconds since 1970.
 * @returns the signature line without its newline.
 */
export function cosignText(text: string, signer: NoteSigner, timestamp: number): string {
  if (signer.key.type !== SIGNATURE_TYPES.cosignature) throw new TlogFault('this key does not cosign')
  if (!Number.isSafeInteger(timestamp) || timestamp <= 0) throw new TlogFault('a cosignature needs the time')
  assertNoteText(text)
  const time = Buffer.alloc(TIMESTAMP_BYTES)
  time.writeBigUInt64BE(BigInt(timestamp))
  return signatureLine(signer.key, Buffer.concat([time, signer.sign(cosignedMessage(text, timestamp))]))
}

/** A note of its text and signature lines. */
export function joinNote(text: string, lines: readonly string[]): string {
  assertNoteText(text)
  return `${text}\n${lines.map((line) => `${line}\n`).join('')}`
}

function verifySignature(text: string, signature: NoteSignature, key: VerifierKey): VerifiedSignature {
  const wrong = new TlogFault(`the signature of ${key.name} (${key.keyId}) is not valid`)
  if (key.type === SIGNATURE_TYPES.note) {
    if (!ed25519Verify(key.publicKey, Buffer.from(text), signature.signature)) throw wrong
    return { key, signature, timestamp: null }
  }
  if (signature.signature.length < TIMESTAMP_BYTES) throw wrong
  const timestamp = signature.signature.readBigUInt64BE()
  // Zero would say nothing of when; beyond 2^53 lies no time that a witness can mean.
  if (timestamp === 0n || timestamp > BigInt(Number.MAX_SAFE_INTEGER)) throw wrong
  const message = cosignedMessage(text, Number(timestamp))
  if (!ed25519Verify(key.publicKey, message, signature.signature.subarray(TIMESTAMP_BYTES))) throw wrong
  return { key, signature, timestamp: Number(timestamp) }
}

function cosignedMessage(text: string, timestamp: number): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${timestamp}\n${text}`)
}

function signatureLine(key: VerifierKey, signature: Uint8Array): string {
  const bytes = Buffer.concat([Buffer.from(key.keyId, 'hex'), signature])
  return `— ${key.name} ${bytes.toString('base64')}`
}

function assertNoteText(text: string): void {
  if (!text.endsWith('\n')) throw new TlogFault('the text of a note ends with a newline')
  // eslint-disable-next-line no-control-regex
  if (!text.isWellFormed() || /[\u0000-\u0009\u000b-\u001f]/.test(text))
    throw new TlogFault('a note is UTF-8 without control characters')
}

/**
 * Finds, in what a witness answered, the line by which `key` cosigns the text of a checkpoint. Lines of other keys are ignored, as C2SP
 * tlog-witness demands.
 * @returns the line without its newline; null where the key has not signed, or wrongly.
 */
export function cosignatureLine(text: string, answer: string, key: VerifierKey): string | null {
  try {
    const [verified] = verifyNote(parseNote(`${text}\n${answer}`), [key])
    return verified?.signature.line ?? null
  } catch (error) {
    if (error instanceof TlogFault) return null
    throw error
  }
}
