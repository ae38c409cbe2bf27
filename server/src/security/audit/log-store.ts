import type { GrownTile } from '@bulkhead/tlog'
import type { StoredEntry } from '../../platform/audit-files/index.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { Refusal, SealedRecord, TakingAct, Unwrap, WaitingAct } from './records.ts'

/** Where the log stands. */
export interface LogState {
  readonly size: number
  readonly root: Buffer
  readonly checkpoint_size: number
  readonly checkpoint: string | null
  readonly vkey: string | null
  readonly problem: string | null
}

export async function readState(db: Queryable): Promise<LogState> {
  const { rows } = await db.query<LogState>(
    'select size, root, checkpoint_size, checkpoint, vkey, problem from audit_state',
  )
  const [state] = rows
  if (state === undefined) throw new Error('audit_state has no row')
  return state
}

/** The oldest waiting acts. Rows that commit later with an earlier time come next time: the order of the log is that of sequencing. */
export async function readWaiting(db: Queryable, rowsMax: number): Promise<WaitingAct[]> {
  const { rows } = await db.query<WaitingAct>(
    `select id, at, workspace_id, process, actor, action, target, detail
     from audit_outbox
     order by at, id
     limit $1`,
    [rowsMax],
  )
  return rows
}

/** The tiles at the right edge: those that end a tree of `size`. */
export async function readTiles(
  db: Queryable,
  names: readonly { readonly level: number; readonly index: number }[],
): Promise<{ level: number; index: number; hashes: Buffer }[]> {
  const { rows } = await db.query<{ level: number; index: number; hashes: Buffer }>(
    `select t.level, t.index, t.hashes
     from unnest($1::smallint[], $2::bigint[]) w(level, index)
     join audit_tile t on t.level = w.level and t.index = w.index`,
    [names.map((name) => name.level), names.map((name) => name.index)],
  )
  return rows
}

/** The last numbers of these streams. */
export async function readNumbers(db: Queryable, streams: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await db.query<{ stream: string; number: number }>(
    'select stream, number from audit_stream where stream = any($1)',
    [[...streams]],
  )
  return new Map(rows.map((row) => [row.stream, row.number]))
}

export interface UnwrapStatement {
  readonly instance: string
  readonly number: number
  readonly statement: string
}

/** The signed statements of all keyring processes; none where the keyring keeps none yet. */
export async function readStatements(db: Queryable): Promise<UnwrapStatement[]> {
  const { rows } = await db.query<UnwrapStatement>(
    'select instance, number, statement from keyring.unwrap_statements()',
  )
  return rows
}

/** How far the unwraps of each keyring process are in the log. */
export async function readUnwrapProgress(db: Queryable): Promise<Map<string, number>> {
  const { rows } = await db.query<{ instance: string; number: number }>(
    'select instance, number from audit_unwrap',
  )
  return new Map(rows.map((row) => [row.instance, row.number]))
}

export async function readUnwraps(
  db: Queryable,
  instance: string,
  after: number,
  rowsMax: number,
): Promise<Unwrap[]> {
  const { rows } = await db.query<Unwrap>(
    `select instance, number, chain, at, process, workspace_id, purpose, key_count, reason
     from keyring.unwraps_after($1, $2, $3)`,
    [instance, after, rowsMax],
  )
  return rows
}

/**
 * Refusals of the keyring that are not in the log yet. A row can be committed after one with a later time, so that each reading begins an
 * hour before the last one that is in the log.
 */
export async function readRefusals(db: Queryable, rowsMax: number): Promise<Refusal[]> {
  const { rows } = await db.query<Refusal>(
    `select r.id, r.at, r.instance, r.process, r.workspace_id, r.kind, r.detail
     from keyring.refusals_since(coalesce((select max(at) from audit_refusal) - interval '1 hour', '-infinity'), 10000) r
     where not exists (select 1 from audit_refusal a where a.instance = r.instance and a.id = r.id)
     order by r.at, r.id
     limit $1`,
    [rowsMax],
  )
  return rows
}

/** How often the keyring refused a kind of process in the last hour, at most once a minute of a kind. */
export interface KeyringRefusals {
  readonly process: string
  readonly kind: string
  readonly count: number
}

export async function readKeyringRefusals(db: Queryable): Promise<KeyringRefusals[]> {
  const { rows } = await db.query<KeyringRefusals>(
    'select process, kind, count from engine.keyring_refusals()',
  )
  return rows
}

/** Appends in one transaction; see engine.audit_append. */
export async function append(
  db: Queryable,
  size: number,
  records: readonly SealedRecord[],
  tiles: readonly GrownTile[],
  root: Buffer,
): Promise<void> {
  await db.query('select engine.audit_append($1, $2, $3, $4, $5, $6, $7, $8)', [
    size,
    records.map((record) => record.record),
    records.map((record) => record.salt),
    records.map((record) => record.commitment),
    tiles.map((tile) => tile.level),
    tiles.map((tile) => tile.index),
    tiles.map((tile) => Buffer.concat(tile.hashes)),
    root,
  ])
}

/** Appends entries of which only the commitment is left; see engine.audit_append_erased. */
export async function appendErased(
  db: Queryable,
  size: number,
  commitments: readonly Buffer[],
  tiles: readonly GrownTile[],
  root: Buffer,
): Promise<void> {
  await db.query('select engine.audit_append_erased($1, $2, $3, $4, $5, $6)', [
    size,
    commitments,
    tiles.map((tile) => tile.level),
    tiles.map((tile) => tile.index),
    tiles.map((tile) => Buffer.concat(tile.hashes)),
    root,
  ])
}

/** Erases records of shredded workspaces; answers their places. */
export async function eraseShredded(db: Queryable, rowsMax: number): Promise<number[]> {
  const { rows } = await db.query<{ index: number }>(
    'select index from engine.audit_erase_shredded($1) as e(index)',
    [rowsMax],
  )
  return rows.map((row) => row.index)
}

/** The places of erased entries, oldest first behind `after`. */
export async function readErased(db: Queryable, after: number, rowsMax: number): Promise<number[]> {
  const { rows } = await db.query<{ index: number }>(
    'select index from audit_entry where record is null and index > $1 order by index limit $2',
    [after, rowsMax],
  )
  return rows.map((row) => row.index)
}

export async function readEntries(db: Queryable, from: number, to: number): Promise<StoredEntry[]> {
  const { rows } = await db.query<StoredEntry>(
    `select index, record, salt, commitment from audit_entry where index >= $1 and index < $2 order by index`,
    [from, to],
  )
  return rows
}

export async function publish(
  db: Queryable,
  head: {
    readonly size: number
    readonly checkpoint: string
    readonly vkey: string
    readonly witnesses: unknown
    readonly statements: readonly string[]
  },
): Promise<void> {
  await db.query('select engine.audit_publish($1, $2, $3, $4, $5)', [
    head.size,
    head.checkpoint,
    head.vkey,
    JSON.stringify(head.witnesses),
    JSON.stringify(head.statements),
  ])
}

export async function writeTrouble(db: Queryable, problem: string): Promise<void> {
  await db.query('select engine.audit_trouble($1)', [problem])
}

/** What became of an act that was repeated. */
export interface ReplayedAct {
  readonly action: string
  readonly target: string | null
  readonly outcome: string
}

/** Hands acts that took something away to the engine, which takes it away again. */
export async function replayActs(db: Queryable, acts: readonly TakingAct[]): Promise<ReplayedAct[]> {
  const { rows } = await db.query<ReplayedAct>('select action, target, outcome from engine.replay_acts($1)', [
    JSON.stringify(acts),
  ])
  return rows
}

/** Ends what a restored backup has open: sessions, links in letters, log-ins under way, codes that may have been shown. */
export async function closeAfterRestore(db: Queryable): Promise<void> {
  await db.query('select engine.close_after_restore()')
}

/** The statements that were published last, by keyring process. */
export async function readPublishedStatements(db: Queryable): Promise<[string, string][]> {
  const { rows } = await db.query<{ statement: string }>(
    'select statement from audit_state, jsonb_array_elements_text(statements) as s(statement)',
  )
  return rows.map((row) => [/^instance (\S+)$/m.exec(row.statement)?.[1] ?? '', row.statement])
}
