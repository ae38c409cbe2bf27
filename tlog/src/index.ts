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
export {
  cosignatureLine,
  cosignText,
  joinNote,
  parseNote,
  parseSignatureLine,
  signNoteText,
  verifyNote,
} from './note.ts'
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
export { canonicalJson, commitmentOf, logEntry, parseLogEntry } from './audit-entry.ts'
export type { Json } from './audit-entry.ts'
export { edgeRoot, growTree } from './growth.ts'
export type { GrownTile, TreeEdge } from './growth.ts'
export { formatTlogProof, parseTlogProof } from './proof-text.ts'
export type { TlogProof } from './proof-text.ts'
export {
  decodeEntryBundle,
  encodeEntryBundle,
  newTiles,
  parseTilePath,
  splitTile,
  tilePath,
  tileWidth,
  TILE_WIDTH,
} from './tiles.ts'
export type { TileName } from './tiles.ts'
export { tiledTree } from './tree.ts'
export type { TiledTree, TileSource } from './tree.ts'
export {
  ADD_CHECKPOINT_BYTES_MAX,
  formatAddCheckpoint,
  judgeAddCheckpoint,
  parseAddCheckpoint,
} from './witness.ts'
export type { AddCheckpoint, WitnessMemory, WitnessVerdict } from './witness.ts'
export { parseRecord } from './record.ts'
export type { AuditRecord } from './record.ts'
export { openUnwrapStatement, UNWRAP_ACTION } from './unwraps.ts'
export type { UnwrapStatement } from './unwraps.ts'
export type { Finding, Trust, Verdict } from './verdict.ts'
export { verifyExport } from './verify-export.ts'
export { verifyLog } from './verify-log.ts'
export type { LogSource, PrivateHalf } from './verify-log.ts'
