import { formatCheckpoint, parseCheckpointText } from './checkpoint.ts'
import type { Checkpoint } from './checkpoint.ts'
import { decodeDecimal, decodeHash, decodeUtf8 } from './encoding.ts'
import { TlogFault } from './fault.ts'
import { EMPTY_ROOT, PROOF_HASHES_MAX, verifyConsistency } from './merkle.ts'
import { parseNote, verifyNote } from './note.ts'
import { SIGNATURE_TYPES } from './note-keys.ts'
import type { VerifierKey } from './note-keys.ts'

/** No request of add-checkpoint needs more; a witness reads no further. */
export const ADD_CHECKPOINT_BYTES_MAX = 64 * 1024

/** The body of `POST add-checkpoint` (C2SP tlog-witness). */
export interface AddCheckpoint {
  readonly oldSize: number
  readonly proof: readonly Buffer[]
  /** The signed checkpoint. */
  readonly note: string
}

export function formatAddCheckpoint(request: {
  readonly oldSize: number
  readonly proof: readonly Uint8Array[]
  readonly note: string
}): string {
  const lines = request.proof.map((hash) => `${Buffer.from(hash).toString('base64')}\n`)
  return `old ${request.oldSize}\n${lines.join('')}\n${request.note}`
}

export function parseAddCheckpoint(body: Uint8Array): AddCheckpoint {
  if (body.length > ADD_CHECKPOINT_BYTES_MAX) throw new TlogFault('the request is too long')
  const text = decodeUtf8(body, 'the request')
  const split = text.indexOf('\n\n')
  if (split === -1) throw new TlogFault('the request has no blank line before the checkpoint')
  const [old = '', ...lines] = text.slice(0, split).split('\n')
  if (!old.startsWith('old ')) throw new TlogFault('the request begins with "old <size>"')
  if (lines.length > PROOF_HASHES_MAX) throw new TlogFault(`a proof has at most ${PROOF_HASHES_MAX} hashes`)
  return {
    oldSize: decodeDecimal(old.slice(4), 'the old size'),
    proof: lines.map((line) => decodeHash(line, 'a line of the proof')),
    note: text.slice(split + 2),
  }
}

/** What a witness answers, and what it must have stored before. */
export type WitnessVerdict =
  | { readonly status: 200; readonly checkpoint: Checkpoint; readonly text: string }
  | { readonly status: 409; readonly size: number }
  | { readonly status: 400 | 403 | 404 | 422; readonly problem: string }

/** What a witness remembers of a log: the last checkpoint that it cosigned. */
export interface WitnessMemory {
  readonly size: number
  readonly root: Uint8Array
}

/**
 * Judges one request as C2SP tlog-witness demands. The caller holds the log's memory still between asking and storing the
 * checkpoint: two requests that are judged against the same memory could roll it back.
 * @param logKeys keys of the known logs; the name of a key is the origin of its log.
 */
export function judgeAddCheckpoint(
  body: Uint8Array,
  logKeys: readonly VerifierKey[],
  recall: (origin: string) => WitnessMemory | null,
): WitnessVerdict {
  let request: AddCheckpoint
  let checkpoint: Checkpoint
  let note: ReturnType<typeof parseNote>
  try {
    request = parseAddCheckpoint(body)
    note = parseNote(request.note)
    checkpoint = parseCheckpointText(note.text)
  } catch (error) {
    return { status: 400, problem: error instanceof TlogFault ? error.message : 'the request is malformed' }
  }
  const keys = logKeys.filter((key) => key.name === checkpoint.origin && key.type === SIGNATURE_TYPES.note)
  if (keys.length === 0) return { status: 404, problem: 'this log is not known here' }
  try {
    if (verifyNote(note, keys).length === 0) return { status: 403, problem: 'no key of the log has signed' }
  } catch {
    return { status: 403, problem: 'the signature of the log is not valid' }
  }
  if (request.oldSize > checkpoint.size)
    return { status: 400, problem: 'the old size is larger than the checkpoint' }
  const memory = recall(checkpoint.origin) ?? { size: 0, root: EMPTY_ROOT }
  if (memory.size !== request.oldSize) return { status: 409, size: memory.size }
  const isConsistent = verifyConsistency({
    oldSize: memory.size,
    oldRoot: memory.root,
    newSize: checkpoint.size,
    newRoot: checkpoint.root,
    proof: request.proof,
  })
  if (!isConsistent) return { status: 422, problem: 'the checkpoint does not continue the one before' }
  // Extension lines would be signed unseen.
  if (checkpoint.extensions.length > 0 || formatCheckpoint(checkpoint) !== note.text)
    return { status: 400, problem: 'a checkpoint here has three lines' }
  return { status: 200, checkpoint, text: note.text }
}
