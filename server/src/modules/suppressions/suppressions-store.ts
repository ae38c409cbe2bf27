import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { SuppressionReason, SuppressionScope } from './suppression.ts'

export interface SuppressionRecord {
  readonly id: string
  readonly address: Buffer
  readonly reason: SuppressionReason
  readonly reasons: SuppressionReason[]
  readonly applies_to: SuppressionScope
  readonly expires_at: Date | null
  readonly keeps_bulk: boolean
  readonly sealed_note: Buffer | null
  readonly message_id: string | null
  readonly import_id: string | null
  readonly evidence: Record<string, unknown> | null
  readonly created_at: Date
}

/** An entry that is to be written; address and note are sealed for its id. */
export interface NewSuppression {
  readonly id: string
  readonly index: Buffer
  readonly address: Buffer
  readonly reason: SuppressionReason
  readonly scope: SuppressionScope
  readonly expiresAt: Date | null
  readonly note: Buffer | null
}

/** Those of before 0050 stand in the evidence. */
const REASONS =
  "coalesce(reasons, array_remove(array[reason, evidence -> 'before' ->> 'reason', evidence -> 'also' ->> 'reason'], null))"

/** DNS or the server said that the address is none: RFC 3463 X.1.2, X.1.3, RFC 7505 X.1.10. */
const UNROUTABLE =
  "coalesce(evidence ->> 'stage' = 'dns' or evidence ->> 'enhanced' in ('5.1.2', '5.1.3', '5.1.10'), false)"

const COLUMNS = `id, address, reason, ${REASONS} as reasons, applies_to, expires_at, keeps_bulk, sealed_note, message_id, import_id, evidence, created_at`

/** Writes entries; how many were not listed before, and how many stop more than before. Others are as they were. */
export async function putSuppressions(
  db: TenantDatabase,
  workspaceId: string,
  importId: string | null,
  entries: readonly NewSuppression[],
): Promise<{ readonly added: number; readonly widened: number }> {
  if (entries.length === 0) return { added: 0, widened: 0 }
  const nothing = entries.map(() => null)
  const rows = await db.query<{ added: string; changed: string }>(
    'select added, changed from engine.put_suppressions($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)',
    [
      entries.map((entry) => entry.id),
      entries.map(() => workspaceId),
      entries.map((entry) => entry.index),
      entries.map((entry) => entry.address),
      entries.map((entry) => entry.reason),
      entries.map((entry) => entry.scope),
      entries.map((entry) => entry.expiresAt),
      entries.map((entry) => entry.note),
      entries.map(() => importId),
      nothing,
      nothing,
    ],
  )
  return { added: Number(rows[0]?.added ?? 0), widened: Number(rows[0]?.changed ?? 0) }
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

/** The entry that says that somebody unsubscribed; undefined: none in force. */
export async function selectOptOut(
  db: TenantDatabase,
  workspaceId: string,
  index: Buffer,
): Promise<{ readonly id: string; readonly created_at: Date } | undefined> {
  const rows = await db.query<{ id: string; created_at: Date }>(
    `select id, created_at
     from suppression
     where workspace_id = $1 and address_index = $2
       and 'unsubscribe' = any(coalesce(reasons, array[reason])) and (expires_at is null or expires_at > now())`,
    [workspaceId, index],
  )
  return rows[0]
}

/** What is listed of these addresses. */
export function selectListed(
  db: TenantDatabase,
  workspaceId: string,
  indexes: readonly Buffer[],
): Promise<
  {
    readonly address_index: Buffer
    readonly applies_to: SuppressionScope
    readonly expires_at: Date | null
    readonly keeps_bulk: boolean
  }[]
> {
  return db.query(
    `select address_index, applies_to, expires_at, keeps_bulk
     from suppression
     where workspace_id = $1 and address_index = any($2::bytea[])`,
    [workspaceId, indexes],
  )
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

export interface SuppressionFilter {
  readonly index: Buffer | null
  readonly reason: SuppressionReason | null
  readonly scope: SuppressionScope | null
  readonly since: Date | null
  readonly until: Date | null
  readonly isUnroutable: boolean | null
  readonly before: string | null
  /** Rows that are passed over. */
  readonly skip: number
}

export function selectSuppressions(
  db: TenantDatabase,
  workspaceId: string,
  filter: SuppressionFilter,
  rowsMax: number,
): Promise<SuppressionRecord[]> {
  return db.query<SuppressionRecord>(
    `select ${COLUMNS}
     from suppression
     where workspace_id = $1
       and ($2::bytea is null or address_index = $2)
       and ($3::text is null or $3 = any(${REASONS}))
       and ($4::text is null or applies_to = $4)
       and ($5::timestamptz is null or created_at >= $5)
       and ($6::uuid is null or id < $6)
       and ($8::timestamptz is null or created_at < $8)
       and ($9::boolean is null or ${UNROUTABLE} = $9)
     order by id desc
     limit $7 offset $10`,
    [
      workspaceId,
      filter.index,
      filter.reason,
      filter.scope,
      filter.since,
      filter.before,
      rowsMax,
      filter.until,
      filter.isUnroutable,
      filter.skip,
    ],
  )
}

/** Changes what is given; `undefined` leaves a field as it is. False where there is no such entry. */
export async function updateSuppressionRow(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  change: {
    readonly scope: SuppressionScope | undefined
    readonly expiresAt: Date | null | undefined
    readonly note: Buffer | null | undefined
  },
): Promise<SuppressionRecord | undefined> {
  // A person who says until when, and for what, says it for all that the entry stops.
  const rows = await db.query<SuppressionRecord>(
    `update suppression
     set applies_to = coalesce($3, applies_to),
         expires_at = case when $4 then $5 else expires_at end,
         sealed_note = case when $6 then $7 else sealed_note end,
         keeps_bulk = keeps_bulk and $3::text is null and not $4
     where workspace_id = $1 and id = $2
     returning ${COLUMNS}`,
    [
      workspaceId,
      id,
      change.scope ?? null,
      change.expiresAt !== undefined,
      change.expiresAt ?? null,
      change.note !== undefined,
      change.note ?? null,
    ],
  )
  return rows[0]
}

/**
 * Takes one reason from at most so many entries, and the entry away where it was the only one. What is left stops what it stopped: an
 * unsubscribe that came beside something that stops more stops bulk mail, others all. Answers how many entries had it.
 */
export async function withdrawReason(
  db: TenantDatabase,
  workspaceId: string,
  which: {
    readonly reason: SuppressionReason
    /** Null: of all. */
    readonly indexes: readonly Buffer[] | null
    readonly isUnroutable: boolean | null
  },
  rowsMax: number,
): Promise<number> {
  const [row] = await db.query<{ found: string }>(
    `with found as (
       select id, array_remove(${REASONS}, $2) as left_reasons,
              'unsubscribe' in (evidence -> 'before' ->> 'reason', evidence -> 'also' ->> 'reason') as left_bulk
       from suppression
       where workspace_id = $1 and $2 = any(${REASONS}) and ($3::bytea[] is null or address_index = any($3))
         and ($4::boolean is null or ${UNROUTABLE} = $4)
       order by id
       limit $5
       for update
     ), ended as (
       delete from suppression s using found f
       where s.workspace_id = $1 and s.id = f.id and f.left_reasons = '{}'
     ), kept as (
       update suppression s
       set reasons = f.left_reasons,
           reason = case when s.reason = any(f.left_reasons) then s.reason else f.left_reasons[1] end,
           applies_to = case when f.left_reasons = '{unsubscribe}' and coalesce(f.left_bulk, false) then 'bulk' else s.applies_to end
       from found f
       where s.workspace_id = $1 and s.id = f.id and f.left_reasons <> '{}'
     )
     select count(*) as found from found`,
    [workspaceId, which.reason, which.indexes, which.isUnroutable, rowsMax],
  )
  return Number(row?.found ?? 0)
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

/** Takes away entries whose time is over and imports nobody needs any more. Answers how many. */
export async function endSuppressions(pool: Queryable, rowsMax: number): Promise<number> {
  const { rows } = await pool.query<{ ended: string }>('select engine.end_suppressions($1) as ended', [
    rowsMax,
  ])
  return Number(rows[0]?.ended ?? 0)
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
