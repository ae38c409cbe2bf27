import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

export interface SenderRecord {
  readonly id: string
  readonly email: string
  readonly name: string | null
  readonly reply_to: string | null
  readonly created_at: Date
}

const COLUMNS = 'id, email, name, reply_to, created_at'

/** Undefined where the workspace lists the address already. */
export async function insertSender(
  db: TenantDatabase,
  sender: {
    readonly id: string
    readonly workspaceId: string
    readonly email: string
    readonly name: string | null
    readonly replyTo: string | null
  },
): Promise<SenderRecord | undefined> {
  const rows = await db.query<SenderRecord>(
    `insert into sender (workspace_id, id, email, name, reply_to)
     values ($1, $2, $3, $4, $5)
     on conflict (workspace_id, email) do nothing
     returning ${COLUMNS}`,
    [sender.workspaceId, sender.id, sender.email, sender.name, sender.replyTo],
  )
  return rows[0]
}

export function selectSenders(
  db: TenantDatabase,
  workspaceId: string,
  before: string | null,
  rowsMax: number,
): Promise<SenderRecord[]> {
  return db.query<SenderRecord>(
    `select ${COLUMNS}
     from sender
     where workspace_id = $1 and ($2::uuid is null or id < $2)
     order by id desc
     limit $3`,
    [workspaceId, before, rowsMax],
  )
}

export async function deleteSenderRow(db: TenantDatabase, workspaceId: string, id: string): Promise<boolean> {
  const rows = await db.query('delete from sender where workspace_id = $1 and id = $2 returning 1', [
    workspaceId,
    id,
  ])
  return rows.length > 0
}

/** Whether the workspace has added the domain, verified or not. */
export async function hasDomain(db: TenantDatabase, workspaceId: string, name: string): Promise<boolean> {
  const rows = await db.query('select 1 from sending_domain where workspace_id = $1 and name = $2', [
    workspaceId,
    name,
  ])
  return rows.length > 0
}
