import { formatCheckpoint, joinNote, parseVerifierKey, tiledTree } from '@bulkhead/tlog'
import type { TiledTree, VerifierKey } from '@bulkhead/tlog'
import type { LogFiles } from '../../platform/audit-files/index.ts'
import type { Pool } from '../../platform/postgres/index.ts'
import type { WitnessAnswer, WitnessClient } from '../../platform/witness-client/index.ts'
import {
  publish,
  readEntries,
  readPublishedStatements,
  readState,
  readStatements,
  readTiles,
  readUnwrapProgress,
  writeTrouble,
} from './log-store.ts'

const FILES_BATCH = 1_000
const ASK_AGAIN_MS = 10_000

/** What the keyring does for the audit log. */
export interface AuditSigner {
  /** The verifier key whose name is the origin of the log, and the last checkpoint that the keyring signed. */
  auditKey(): Promise<{ readonly vkey: string; readonly lastSize: number | null }>
  /** The signature line; refused without a valid proof from the last signed checkpoint. */
  signCheckpoint(request: {
    /** Its text, without signatures. */
    readonly checkpoint: string
    readonly oldSize: number
    readonly consistencyProof: readonly Buffer[]
  }): Promise<string>
}

export interface Witness {
  readonly url: string
  readonly key: VerifierKey
}

/** What is told of a witness in the state of the log. */
export interface WitnessState {
  readonly name: string
  readonly url: string
  /** Size of the last checkpoint that it cosigned; null before the first. */
  readonly size: number | null
  /** Checkpoints in a row that it has not cosigned. */
  readonly failures: number
  readonly problem: string | null
}

export interface CheckpointsDeps {
  readonly pool: Pool
  readonly signer: AuditSigner
  readonly files: LogFiles
  readonly witnesses: readonly Witness[]
  readonly witnessClient: WitnessClient
}

export interface Checkpoints {
  /** Signs, publishes and has cosigned what was sequenced since the last one. @returns the size, null where nothing has grown. */
  round(): Promise<number | null>
  /** The largest size that any witness is known to have cosigned; null where none answers. */
  witnessedSize(): Promise<number | null>
  /** Says in the state of the log why checkpoints wait. */
  trouble(problem: string): Promise<void>
}

/**
 * Publishes the log: files, the keyring's signature, the witnesses'. The files come first, so that whatever was ever signed is on
 * file; a checkpoint is shown before the witnesses have answered, and again with their signatures.
 */
export function createCheckpoints(deps: CheckpointsDeps): Checkpoints {
  const { pool, files, signer } = deps
  const states = deps.witnesses.map((witness): WitnessState => ({
    name: witness.key.name,
    url: witness.url,
    size: null,
    failures: 0,
    problem: null,
  }))
  let published = -1
  let askedMs = 0
  /** Of each keyring the last statement that counts exactly the unwraps that are in the log. */
  const covered = new Map<string, string>()

  /** A witness that was away is asked again, also where the log does not grow. */
  const isAskingDue = (): boolean =>
    states.some((state) => state.size !== published) && performance.now() > askedMs + ASK_AGAIN_MS

  const treeOf = (size: number): TiledTree =>
    tiledTree(size, (level, index, width) => readHashes(pool, level, index, width))

  async function writeFiles(size: number, before: number): Promise<void> {
    for (let from = files.size(); from < size; from += FILES_BATCH)
      files.append(await readEntries(pool, from, Math.min(size, from + FILES_BATCH)))
    await files.writeTiles(before, size, (level, index, width) => readHashes(pool, level, index, width))
  }

  async function keepStatements(): Promise<void> {
    if (covered.size === 0)
      for (const [instance, statement] of await readPublishedStatements(pool))
        covered.set(instance, statement)
    const progress = await readUnwrapProgress(pool)
    for (const { instance, number, statement } of await readStatements(pool))
      if (progress.get(instance) === number) covered.set(instance, statement)
  }

  async function cosign(text: string, note: string, size: number): Promise<string[]> {
    askedMs = performance.now()
    const tree = treeOf(size)
    const lines = await Promise.all(
      deps.witnesses.map(async (witness, at) => {
        const state = states[at]
        if (state === undefined) return null
        const answer = await ask(witness, tree, { text, note, size: state.size ?? 0 })
        states[at] = nextState(state, answer, size)
        return answer.kind === 'cosigned' ? answer.line : null
      }),
    )
    return lines.filter((line) => line !== null)
  }

  async function ask(
    witness: Witness,
    tree: TiledTree,
    request: { text: string; note: string; size: number },
  ): Promise<WitnessAnswer> {
    const { text, note } = request
    const once = async (oldSize: number): Promise<WitnessAnswer> =>
      deps.witnessClient.ask(witness, { oldSize, proof: await tree.consistencyProof(oldSize), text, note })
    const answer = await once(Math.min(request.size, tree.size))
    // It may know more or less than we remember, for example after our restart.
    return answer.kind === 'knows' && answer.size <= tree.size ? once(answer.size) : answer
  }

  return {
    async round() {
      const state = await readState(pool)
      if (state.size === 0 || (state.problem === null && published === state.size && !isAskingDue()))
        return null
      const { vkey, lastSize } = await signer.auditKey()
      const { size } = state
      const oldSize = lastSize ?? 0
      if (oldSize > size)
        throw new Error(
          `The keyring has signed ${oldSize} entries, the database has ${size}: it was restored from an older backup and what is missing is not on file`,
        )
      await writeFiles(size, state.checkpoint_size)
      const text = formatCheckpoint({ origin: parseVerifierKey(vkey).name, size, root: state.root })
      const line = await signer.signCheckpoint({
        checkpoint: text,
        oldSize,
        consistencyProof: await treeOf(size).consistencyProof(oldSize),
      })
      await keepStatements()
      const statements = [...covered.values()]
      const show = async (note: string): Promise<void> => {
        await publish(pool, { size, checkpoint: note, vkey, witnesses: states, statements })
        files.publish({ note, vkey, statements })
      }
      const note = joinNote(text, [line])
      await show(note)
      if (deps.witnesses.length > 0) await show(joinNote(text, [line, ...(await cosign(text, note, size))]))
      published = size
      return size
    },

    async witnessedSize() {
      const state = await readState(pool)
      if (state.checkpoint === null) return null
      const [text = ''] = state.checkpoint.split('\n\n')
      const answers = await Promise.all(
        deps.witnesses.map((witness) =>
          ask(witness, treeOf(state.checkpoint_size), {
            text: `${text}\n`,
            note: state.checkpoint ?? '',
            size: state.checkpoint_size,
          }),
        ),
      )
      const sizes = answers.flatMap((answer) =>
        answer.kind === 'knows' ? [answer.size] : answer.kind === 'cosigned' ? [state.checkpoint_size] : [],
      )
      return sizes.length === 0 ? null : Math.max(...sizes)
    },

    trouble: (problem) => writeTrouble(pool, problem),
  }
}

function nextState(state: WitnessState, answer: WitnessAnswer, size: number): WitnessState {
  if (answer.kind === 'cosigned') return { ...state, size, failures: 0, problem: null }
  const problem =
    answer.kind === 'failed'
      ? answer.problem
      : answer.kind === 'knows'
        ? `it has cosigned ${answer.size} entries; this log has ${size}`
        : 'it has seen another history of this log'
  return { ...state, failures: state.failures + 1, problem }
}

async function readHashes(pool: Pool, level: number, index: number, width: number): Promise<Buffer> {
  const [tile] = await readTiles(pool, [{ level, index }])
  const hashes = tile?.hashes.subarray(0, width * 32)
  if (hashes?.length !== width * 32)
    throw new Error(
      `The tile ${level}/${index} of the audit log in the database is shorter than the tree needs`,
    )
  return hashes
}
