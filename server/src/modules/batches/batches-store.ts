import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { BatchState } from './batch.ts'

export interface BatchRecord {
  readonly id: string
  readonly state: BatchState
  readonly created_at: Date
  readonly updated_at: Date
}

const COLUMNS = 'id, state, created_at, updated_at'

export async function insertBatch(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  actor: string,
): Promise<BatchRecord | undefined> {
  const rows = await db.query<BatchRecord>(
    `insert into batch (workspace_id, id, created_by) values ($1, $2, $3) returning ${COLUMNS}`,
    [workspaceId, id, actor],
  )
  return rows[0]
}

export async function selectBatch(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<BatchRecord | undefined> {
  const rows = await db.query<BatchRecord>(
    `select ${COLUMNS} from batch where workspace_id = $1 and id = $2`,
    [workspaceId, id],
  )
  return rows[0]
}

/** Those that are stopped, newest first. */
export function selectStopped(
  db: TenantDatabase,
  workspaceId: string,
  before: string | null,
  rowsMax: number,
): Promise<BatchRecord[]> {
  return db.query<BatchRecord>(
    `select ${COLUMNS}
     from batch
     where workspace_id = $1 and state <> 'active' and ($2::uuid is null or id < $2)
     order by id desc
     limit $3`,
    [workspaceId, before, rowsMax],
  )
}

/** BH404, BH409 with words of the database. */
export async function setBatchState(
  db: TenantDatabase,
  wanted: {
    readonly workspaceId: string
    readonly id: string
    readonly tag: string
    readonly name: string
    readonly state: BatchState
    readonly actor: string
  },
): Promise<void> {
  await db.query('select engine.set_batch_state($1, $2, $3, $4, $5, $6)', [
    wanted.workspaceId,
    wanted.id,
    wanted.tag,
    wanted.name,
    wanted.state,
    wanted.actor,
  ])
}
