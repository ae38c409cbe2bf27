import { decodeDecimal, decodeHash } from './encoding.ts'
import { TlogFault } from './fault.ts'
import { HASH_BYTES } from './merkle.ts'
import { parseNote, verifyNote } from './note.ts'
import type { Note, VerifiedSignature } from './note.ts'
import { SIGNATURE_TYPES } from './note-keys.ts'
import type { VerifierKey } from './note-keys.ts'

/** The head of a tree: what a checkpoint says (C2SP tlog-checkpoint). */
export interface Checkpoint {
  readonly origin: string
  readonly size: number
  readonly root: Buffer
  readonly extensions: readonly string[]
}

/** The text of a checkpoint, which a note signs. */
export function formatCheckpoint(checkpoint: {
  readonly origin: string
  readonly size: number
  readonly root: Uint8Array
}): string {
  const { origin, size, root } = checkpoint
  // eslint-disable-next-line no-control-regex
  if (origin === '' || /[\u0000-\u001f]/.test(origin)) throw new TlogFault('the origin is one line of text')
  if (!Number.isSafeInteger(size) || size < 0) throw new TlogFault('the size of a tree is a whole number')
  if (root.length !== HASH_BYTES) throw new TlogFault('the root is a SHA-256 hash')
  return `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`
}

/** Reads the text of a checkpoint. Extension lines are kept; nobody vouches for them. */
export function parseCheckpointText(text: string): Checkpoint {
  const lines = text.split('\n')
  if (lines.pop() !== '') throw new TlogFault('the checkpoint does not end with a newline')
  const [origin, size, root, ...extensions] = lines
  if (origin === undefined || size === undefined || root === undefined)
    throw new TlogFault('a checkpoint has three lines: origin, size, root')
  if (lines.includes('')) throw new TlogFault('a checkpoint has no empty lines')
  return {
    origin,
    size: decodeDecimal(size, 'the tree size'),
    root: decodeHash(root, 'the root'),
    extensions,
  }
}

export interface SignedCheckpoint extends Checkpoint {
  readonly note: Note
  /** Signatures of the log; at least one. */
  readonly signatures: readonly VerifiedSignature[]
  readonly cosignatures: readonly VerifiedSignature[]
}

export interface CheckpointTrust {
  readonly logKeys: readonly VerifierKey[]
  readonly witnessKeys?: readonly VerifierKey[]
  /** Where given, the only origin that is accepted. */
  readonly origin?: string
}

/** Reads a checkpoint and checks its signatures. @throws TlogFault where no key of the log has signed, or a known signature is wrong. */
export function openCheckpoint(input: string | Uint8Array, trust: CheckpointTrust): SignedCheckpoint {
  const note = parseNote(input)
  const checkpoint = parseCheckpointText(note.text)
  const logKeys = trust.logKeys.filter((key) => key.type === SIGNATURE_TYPES.note)
  const witnessKeys = (trust.witnessKeys ?? []).filter((key) => key.type === SIGNATURE_TYPES.cosignature)
  const signatures = verifyNote(note, logKeys)
  if (signatures.length === 0) throw new TlogFault('no trusted key of the log has signed the checkpoint')
  if (trust.origin !== undefined && trust.origin !== checkpoint.origin)
    throw new TlogFault(`the checkpoint is of the log ${checkpoint.origin}, not ${trust.origin}`)
  return { ...checkpoint, note, signatures, cosignatures: verifyNote(note, witnessKeys) }
}
