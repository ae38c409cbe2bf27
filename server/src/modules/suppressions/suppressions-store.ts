import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { SuppressionReason } from './suppression.ts'

export interface SuppressionRecord {
  readonly id: string
  readonly address: Buffer
  readonly reason: SuppressionReason
  readonly sealed_note: Buffer | null
  readonly message_id: string | null
  readonly evidence: Record<string, unknown> | null
  readonly created_at: Date
}

const COLUMNS = 'id, address, reason, sealed_note, message_id, evidence, created_at'

/** True where the entry is new; the address of an old one is left as it is. */
export async function insertSuppression(
  db: TenantDatabase,
  entry: {
    readonly id: string
    readonly workspaceId: string
    readonly index: Buffer
    readonly address: Buffer
    readonly reason: SuppressionReason
    readonly note: Buffer | null
  },
): Promise<boolean> {
  const rows = await db.query(
    `insert into suppression (workspace_id, id, address_index, address, reason, sealed_note)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (workspace_id, address_index) do nothing
     returning 1`,
    [entry.workspaceId, entry.id, entry.index, entry.address, entry.reason, entry.note],
  )
  return rows.length > 0
}

export async function selectSuppressionByIndex(
  db: TenantDatabase,
  workspaceId: string,
  index: Buffer,
): Promise<SuppressionRecord | undefined> {
  const rows = await db.query<SuppressionRecord>(
    `select ${COLUMNS} from suppression where workspace_id = $1 and address_index = $2`,
    [workspaceId, index],
  )
  return rows[0]
}

export async function selectSuppression(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<SuppressionRecord | undefined> {
  const rows = await db.query<SuppressionRecord>(
    `select ${COLUMNS} from suppression where workspace_id = $1 and id = $2`,
    [workspaceId, id],
  )
  return rows[0]
}

export function selectSuppressions(
  db: TenantDatabase,
  workspaceId: string,
  filter: {
    readonly index: Buffer | null
    readonly reason: SuppressionReason | null
    readonly before: string | null
  },
  rowsMax: number,
): Promise<SuppressionRecord[]> {
  return db.query<SuppressionRecord>(
    `select ${COLUMNS}
     from suppression
     where workspace_id = $1
       and ($2::bytea is null or address_index = $2)
       and ($3::text is null or reason = $3)
       and ($4::uuid is null or id < $4)
     order by id desc
     limit $5`,
    [workspaceId, filter.index, filter.reason, filter.before, rowsMax],
  )
}

/** The id and reason of the removed entry; undefined where there is none. */
export async function deleteSuppressionRow(
  db: TenantDatabase,
  workspaceId: string,
  which: { readonly id: string } | { readonly index: Buffer },
): Promise<{ readonly id: string; readonly reason: SuppressionReason } | undefined> {
  const [column, value] =
    'id' in which ? (['id', which.id] as const) : (['address_index', which.index] as const)
  const rows = await db.query<{ id: string; reason: SuppressionReason }>(
    `delete from suppression where workspace_id = $1 and ${column} = $2 returning id, reason`,
    [workspaceId, value],
  )
  return rows[0]
}

/** Notes from before 0009_sealed.sql that can still be read. */
export function selectReadableNotes(
  db: TenantDatabase,
  workspaceId: string,
  rowsMax: number,
): Promise<{ readonly id: string; readonly note: string }[]> {
  return db.query<{ id: string; note: string }>(
    `select id, note
     from suppression
     where workspace_id = $1 and note is not null
     order by id
     limit $2
     for update`,
    [workspaceId, rowsMax],
  )
}

/** Puts the sealed note in the place of the readable one. */
export async function replaceReadableNote(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  sealedNote: Buffer,
): Promise<void> {
  await db.query('update suppression set sealed_note = $3, note = null where workspace_id = $1 and id = $2', [
    workspaceId,
    id,
    sealedNote,
  ])
}
