import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

export interface CapturedRow {
  readonly id: string
  readonly message_id: string | null
  readonly received_at: Date
  readonly size_bytes: number
  readonly envelope: Buffer
}

export interface CapturedContentRow extends CapturedRow {
  readonly sealed: Buffer
}

const COLUMNS = 'id, message_id, received_at, size_bytes, envelope'

export function selectCaptured(
  db: TenantDatabase,
  workspaceId: string,
  filter: { readonly before: string | null; readonly messageId: string | null },
  rowsMax: number,
): Promise<CapturedRow[]> {
  return db.query<CapturedRow>(
    `select ${COLUMNS}
     from captured
     where workspace_id = $1 and ($2::uuid is null or id < $2) and ($3::uuid is null or message_id = $3)
     order by id desc
     limit $4`,
    [workspaceId, filter.before, filter.messageId, rowsMax],
  )
}

export async function selectCapturedContent(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<CapturedContentRow | undefined> {
  const rows = await db.query<CapturedContentRow>(
    `select ${COLUMNS}, sealed from captured where workspace_id = $1 and id = $2`,
    [workspaceId, id],
  )
  return rows[0]
}

/** Removes all that was there when it began; answers how many. */
export async function deleteCaptured(db: TenantDatabase, workspaceId: string): Promise<number> {
  const [row] = await db.query<{ n: number }>(
    'with gone as (delete from captured where workspace_id = $1 returning 1) select count(*)::integer as n from gone',
    [workspaceId],
  )
  return row?.n ?? 0
}

export async function insertCaptured(
  db: TenantDatabase,
  row: {
    readonly id: string
    readonly workspaceId: string
    readonly messageId: string | null
    readonly sizeBytes: number
    readonly envelope: Buffer
    readonly sealed: Buffer
  },
): Promise<void> {
  await db.query(
    `insert into captured (workspace_id, id, message_id, size_bytes, envelope, sealed)
     values ($1, $2, $3, $4, $5, $6)`,
    [row.workspaceId, row.id, row.messageId, row.sizeBytes, row.envelope, row.sealed],
  )
}

/** The oldest workspace of the installation; null where there is none yet. */
export async function selectCaptureHome(db: TenantDatabase): Promise<string | null> {
  const rows = await db.query<{ id: string | null }>('select engine.capture_home() as id')
  return rows[0]?.id ?? null
}
