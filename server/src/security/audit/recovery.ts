import { commitmentOf, openCheckpoint, parseVerifierKey, rootOfLeaves } from '@bulkhead/tlog'
import type { LogFiles, StoredEntry } from '../../platform/audit-files/index.ts'
import type { Pool } from '../../platform/postgres/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import type { AuditSigner, Checkpoints } from './checkpoints.ts'
import { closeAfterRestore, readEntries, replayActs } from './log-store.ts'
import { leafOf, takingActOf } from './records.ts'
import type { SealedRecord, TakingAct } from './records.ts'
import type { Sequencer } from './sequencer.ts'

const BATCH = 2_000
/** What engine.replay_acts takes at once. */
const ACTS_MAX = 10_000

export interface RecoveryDeps {
  readonly pool: Pool
  readonly files: LogFiles
  readonly sequencer: Sequencer
  readonly checkpoints: Pick<Checkpoints, 'witnessedSize'>
  readonly signer: Pick<AuditSigner, 'auditKey'>
  readonly log: Logger
}

/**
 * Compares, before anything is sequenced, the log of the database with the files and with the witnesses. A database that was
 * restored from an older backup gets back what the files have; what was taken away in between is taken away again, and everybody logs in anew.
 * @returns how many entries came back.
 * @throws Error where the log would fork: the files tell another history, or a witness has seen more than there is.
 */
export async function recoverLog(deps: RecoveryDeps): Promise<number> {
  const { files, sequencer, log } = deps
  await sequencer.load()
  const before = sequencer.size
  const onFile = files.size()
  await assertSameHistory(deps, Math.min(before, onFile))
  let restored = 0
  if (onFile > before) {
    await assertSigned(deps, onFile)
    log.warn(
      { database: before, files: onFile },
      'The audit log in the database is behind its files: the database was restored from an older backup. The missing entries come back now',
    )
    restored = await bringBack(deps, before, onFile)
  }
  const witnessed = await deps.checkpoints.witnessedSize()
  if (witnessed !== null && witnessed > sequencer.size)
    throw new Error(
      `A witness has cosigned ${witnessed} entries of the audit log, the database has ${sequencer.size}: it was restored from an older backup. Put back the directory audit of the data directory from the host that last ran the audit process, or a copy of it. To go on without these entries, take the witness out of BULKHEAD_AUDIT_WITNESSES: it keeps the proof that they are missing`,
    )
  return restored
}

/** Salts are random: two histories that part never have the same commitment again. */
async function assertSameHistory(deps: RecoveryDeps, size: number): Promise<void> {
  if (size === 0) return
  const [inDatabase] = await readEntries(deps.pool, size - 1, size)
  const [onFile] = deps.files.read(size - 1, size)
  if (inDatabase === undefined || onFile?.commitment.equals(inDatabase.commitment) !== true)
    throw new Error(
      `The database and the files of the audit log tell different histories at entry ${size - 1}. Find out which is genuine with bulkhead audit verify on both, and move the directory audit away if it is the database's`,
    )
}

/** The files must be what the keyring signed, up to the checkpoint beside them. */
async function assertSigned(deps: RecoveryDeps, onFile: number): Promise<void> {
  const note = deps.files.checkpoint()
  if (note === null) return
  const { vkey } = await deps.signer.auditKey()
  const checkpoint = openCheckpoint(note, { logKeys: [parseVerifierKey(vkey)] })
  const leaves: Buffer[] = []
  for (let from = 0; from < Math.min(checkpoint.size, onFile); from += BATCH)
    for (const entry of deps.files.read(from, Math.min(checkpoint.size, onFile, from + BATCH)))
      leaves.push(leafOf(entry.commitment))
  if (leaves.length !== checkpoint.size || !rootOfLeaves(leaves).equals(checkpoint.root))
    throw new Error(
      `The files of the audit log do not hold what their checkpoint of ${checkpoint.size} entries was signed over: nothing is brought back from them`,
    )
}

/**
 * First what was taken away is taken away again, and then the entries come back: a process that dies in between begins again, because the log is
 * still behind its files.
 */
async function bringBack(deps: RecoveryDeps, from: number, to: number): Promise<number> {
  const acts: TakingAct[] = []
  for (const run of runsOnFile(deps, from, to))
    if (run[0]?.record !== null)
      acts.push(...run.map((entry) => takingActOf(recordOf(entry).record)).filter((act) => act !== null))
  for (let at = 0; at < acts.length; at += ACTS_MAX) await takeAwayAgain(deps, acts.slice(at, at + ACTS_MAX))
  await closeAfterRestore(deps.pool)
  for (const run of runsOnFile(deps, from, to)) {
    if (run[0]?.record === null) await deps.sequencer.restoreErased(run.map((entry) => entry.commitment))
    else await deps.sequencer.restore(run.map(recordOf))
  }
  return to - from
}

function* runsOnFile(deps: RecoveryDeps, from: number, to: number): Generator<StoredEntry[]> {
  for (let at = from; at < to; at += BATCH) yield* runsOf(deps.files.read(at, Math.min(to, at + BATCH)))
}

async function takeAwayAgain(deps: RecoveryDeps, acts: readonly TakingAct[]): Promise<void> {
  if (acts.length === 0) return
  const replayed = await replayActs(deps.pool, acts)
  for (const { action, target, outcome } of replayed) {
    if (outcome !== 'absent') deps.log.warn({ action, target, outcome }, 'Taken away again after the restore')
    else
      deps.log.error(
        { action, target, outcome },
        'What was taken away before the restore cannot be taken away again: look at it by hand',
      )
  }
}

/** Neighbours of a kind together: those that are erased, and those that are not. */
function runsOf(entries: readonly StoredEntry[]): StoredEntry[][] {
  const runs: StoredEntry[][] = []
  for (const entry of entries) {
    const last = runs.at(-1)
    if (last !== undefined && (last[0]?.record === null) === (entry.record === null)) last.push(entry)
    else runs.push([entry])
  }
  return runs
}

function recordOf(entry: StoredEntry): SealedRecord {
  const { record, salt, commitment } = entry
  if (record === null || salt === null || !commitmentOf(salt, record).equals(commitment))
    throw new Error(`Entry ${entry.index} of the audit log is altered on file and cannot come back`)
  return { record, salt, commitment }
}
