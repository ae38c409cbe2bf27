import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

/** A sender as it is stored: found by its index, opened for display only. */
export interface SenderRecord {
  readonly id: string
  readonly sealed_email: Buffer
  readonly sealed_name: Buffer | null
  readonly sealed_reply_to: Buffer | null
  readonly created_at: Date
  /** Null once that is over. */
  readonly inert_until: Date | null
}

export interface SealedSender {
  readonly id: string
  readonly workspaceId: string
  readonly index: Buffer
  readonly email: Buffer
  readonly name: Buffer | null
  readonly replyTo: Buffer | null
}

const INERT_UNTIL = 'case when inert_until > now() then inert_until end as inert_until'
const COLUMNS = `id, sealed_email, sealed_name, sealed_reply_to, created_at, ${INERT_UNTIL}`

/** What the database says of the row that was made; undefined where the workspace lists the address already. */
export async function insertSender(
  db: TenantDatabase,
  sender: SealedSender,
): Promise<Pick<SenderRecord, 'created_at' | 'inert_until'> | undefined> {
  const rows = await db.query<Pick<SenderRecord, 'created_at' | 'inert_until'>>(
    `insert into sender (workspace_id, id, email_index, sealed_email, sealed_name, sealed_reply_to)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (workspace_id, email_index) do nothing
     returning created_at, ${INERT_UNTIL}`,
    [sender.workspaceId, sender.id, sender.index, sender.email, sender.name, sender.replyTo],
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
     where workspace_id = $1 and ($2::uuid is null or id < $2) and sealed_email is not null
     order by id desc
     limit $3`,
    [workspaceId, before, rowsMax],
  )
}

interface ReadableSender {
  readonly id: string
  readonly email: string
  readonly name: string | null
  readonly reply_to: string | null
}

/** Rows from before 0009_sealed.sql that can still be read. */
export function selectReadableSenders(
  db: TenantDatabase,
  workspaceId: string,
  rowsMax: number,
): Promise<ReadableSender[]> {
  return db.query<ReadableSender>(
    `select id, email, name, reply_to
     from sender
     where workspace_id = $1 and email is not null
     order by id
     limit $2
     for update`,
    [workspaceId, rowsMax],
  )
}

/** Puts the sealed values in the place of the readable ones. */
export async function replaceReadableSender(db: TenantDatabase, sender: SealedSender): Promise<void> {
  await db.query(
    `update sender
     set email_index = $3, sealed_email = $4, sealed_name = $5, sealed_reply_to = $6, email = null, name = null, reply_to = null
     where workspace_id = $1 and id = $2`,
    [sender.workspaceId, sender.id, sender.index, sender.email, sender.name, sender.replyTo],
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
