import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { AuditFilter } from './audit-entry.ts'

export interface EntryRow {
  readonly index: number
  readonly at: Date
  readonly actor: string
  readonly action: string
  readonly target: string | null
  readonly record: string | null
  readonly salt: Buffer | null
  readonly commitment: Buffer
}

const COLUMNS = 'index, at, actor, action, target, record, salt, commitment'

/** A page of a workspace, newest first before `index` or oldest first from it. */
export function selectEntries(
  db: TenantDatabase,
  workspaceId: string,
  filter: AuditFilter,
  place: { readonly below: number | null } | { readonly from: number; readonly to: number },
  rowsMax: number,
): Promise<EntryRow[]> {
  const isBackward = 'below' in place
  return db.query<EntryRow>(
    `select ${COLUMNS}
     from audit_entry
     where workspace_id = $1
       and ($2::text is null or action = $2)
       and ($3::text is null or actor = $3)
       and ($4::text is null or target = $4)
       and ($5::timestamptz is null or at >= $5)
       and ($6::timestamptz is null or at < $6)
       and index >= $7
       and index < $8
     order by index ${isBackward ? 'desc' : 'asc'}
     limit $9`,
    [
      workspaceId,
      filter.action ?? null,
      filter.actor ?? null,
      filter.target ?? null,
      filter.after ?? null,
      filter.before ?? null,
      isBackward ? 0 : place.from,
      isBackward ? (place.below ?? Number.MAX_SAFE_INTEGER) : place.to,
      rowsMax,
    ],
  )
}

/** Records of no workspace, newest first before `below`. */
export async function readInstallationEntries(
  db: Queryable,
  filter: AuditFilter,
  below: number | null,
  rowsMax: number,
): Promise<EntryRow[]> {
  const { rows } = await db.query<EntryRow>(
    `select ${COLUMNS} from engine.audit_installation($1, $2, $3, $4, $5, $6, $7)`,
    [
      below,
      filter.action ?? null,
      filter.actor ?? null,
      filter.target ?? null,
      filter.after ?? null,
      filter.before ?? null,
      rowsMax,
    ],
  )
  return rows
}

export async function selectEntry(
  db: TenantDatabase,
  workspaceId: string,
  index: number,
): Promise<EntryRow | undefined> {
  const rows = await db.query<EntryRow>(
    `select ${COLUMNS} from audit_entry where workspace_id = $1 and index = $2`,
    [workspaceId, index],
  )
  return rows[0]
}

export interface HeadRow {
  readonly size: number
  readonly checkpoint_size: number
  readonly checkpoint: string | null
  readonly checkpoint_at: Date | null
  readonly vkey: string | null
  readonly witnesses: unknown
  readonly statements: readonly string[]
  readonly problem: string | null
  readonly waiting_since: Date | null
}

export async function readHead(db: Queryable): Promise<HeadRow> {
  const { rows } = await db.query<HeadRow>('select * from engine.audit_head()')
  const [head] = rows
  if (head === undefined) throw new Error('the audit log has no state')
  return head
}

/** The first `width` hashes of a tile; null where it is shorter. */
export async function readTile(
  db: Queryable,
  level: number,
  index: number,
  width: number,
): Promise<Buffer | null> {
  const { rows } = await db.query<{ hashes: Buffer }>('select hashes from engine.audit_tiles($1, $2)', [
    [level],
    [index],
  ])
  const hashes = rows[0]?.hashes.subarray(0, width * 32)
  return hashes?.length === width * 32 ? hashes : null
}

export async function readCommitments(db: Queryable, from: number, count: number): Promise<Buffer[]> {
  const { rows } = await db.query<{ commitment: Buffer }>(
    'select commitment from engine.audit_commitments($1, $2) as c(commitment)',
    [from, count],
  )
  return rows.map((row) => row.commitment)
}
