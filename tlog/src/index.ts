/** Transparency logs in the C2SP formats: Merkle trees, tiles, signed notes, checkpoints, witnesses. Imports nothing but node:crypto. */
export { formatCheckpoint, openCheckpoint, parseCheckpointText } from './checkpoint.ts'
export type { Checkpoint, CheckpointTrust, SignedCheckpoint } from './checkpoint.ts'
export { TlogFault } from './fault.ts'
export {
  EMPTY_ROOT,
  HASH_BYTES,
  leafHash,
  nodeHash,
  PROOF_HASHES_MAX,
  rootOfLeaves,
  verifyConsistency,
  verifyInclusion,
} from './merkle.ts'
export type { ConsistencyClaim, InclusionClaim } from './merkle.ts'
export { cosignText, joinNote, parseNote, parseSignatureLine, signNoteText, verifyNote } from './note.ts'
export type { Note, NoteSignature, VerifiedSignature } from './note.ts'
export {
  formatSignerKey,
  isKeyName,
  keyIdOf,
  noteSigner,
  parseSignerKey,
  parseVerifierKey,
  SIGNATURE_TYPES,
  verifierKey,
} from './note-keys.ts'
export type { NoteSigner, SignatureType, VerifierKey } from './note-keys.ts'
