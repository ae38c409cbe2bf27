import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

export interface ExemptionRow {
  readonly id: string
  readonly address: Buffer
  readonly sealed_note: Buffer | null
  readonly created_at: Date
}

const COLUMNS = 'id, address, sealed_note, created_at'

/** Undefined: the address is exempt already. */
export async function insertExemption(
  db: TenantDatabase,
  workspaceId: string,
  entry: {
    readonly id: string
    readonly index: Buffer
    readonly address: Buffer
    readonly note: Buffer | null
    readonly by: string
  },
): Promise<ExemptionRow | undefined> {
  const rows = await db.query<ExemptionRow>(
    `insert into suppression_exemption (workspace_id, address_index, id, address, sealed_note, created_by)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (workspace_id, address_index) do nothing
     returning ${COLUMNS}`,
    [workspaceId, entry.index, entry.id, entry.address, entry.note, entry.by],
  )
  return rows[0]
}

export async function selectExemption(
  db: TenantDatabase,
  workspaceId: string,
  index: Buffer,
): Promise<ExemptionRow | undefined> {
  const rows = await db.query<ExemptionRow>(
    `select ${COLUMNS} from suppression_exemption where workspace_id = $1 and address_index = $2`,
    [workspaceId, index],
  )
  return rows[0]
}

/** Newest first. */
export function selectExemptions(
  db: TenantDatabase,
  workspaceId: string,
  { before, index }: { readonly before: string | null; readonly index: Buffer | null },
  limit: number,
): Promise<ExemptionRow[]> {
  return db.query<ExemptionRow>(
    `select ${COLUMNS} from suppression_exemption
     where workspace_id = $1 and ($2::uuid is null or id < $2) and ($3::bytea is null or address_index = $3)
     order by id desc
     limit $4`,
    [workspaceId, before, index, limit],
  )
}

/** The id of what was taken away. */
export async function deleteExemption(
  db: TenantDatabase,
  workspaceId: string,
  index: Buffer,
): Promise<string | undefined> {
  const rows = await db.query<{ id: string }>(
    'delete from suppression_exemption where workspace_id = $1 and address_index = $2 returning id',
    [workspaceId, index],
  )
  return rows[0]?.id
}
