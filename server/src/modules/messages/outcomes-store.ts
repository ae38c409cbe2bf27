import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { UnreachedState } from './outcomes-service.ts'

export interface OutcomeRow {
  readonly message_id: string
  readonly number: number
  readonly state: UnreachedState
  readonly at: Date
  readonly attempts: number
  readonly detail: Record<string, unknown>
  readonly address: Buffer
}

export interface OutcomeFilter {
  readonly state: UnreachedState
  readonly addressIndex: Buffer | null
  readonly class: string | null
  readonly exceptClass: string | null
  readonly since: Date | null
  readonly until: Date | null
  readonly before: { readonly messageId: string; readonly number: number }
  /** Ids sort by time: a message outcome is never older than its message. */
  readonly idFrom: string
  readonly skip: number
  /** Null: all. */
  readonly isDismissed: boolean | null
}

/** Newest messages first, from the index of what was not delivered (0043). */
export function selectOutcomes(
  db: TenantDatabase,
  workspaceId: string,
  filter: OutcomeFilter,
  rowsMax: number,
): Promise<OutcomeRow[]> {
  return db.query<OutcomeRow>(
    `select o.message_id, o.number, o.state, o.at, o.attempts, o.detail, r.address
     from outcome o
     join recipient r on r.workspace_id = o.workspace_id and r.message_id = o.message_id and r.number = o.number
     where o.workspace_id = $1 and o.state = $2::final_state and o.state <> 'delivered' and o.message_id >= $10
       and (o.message_id, o.number) < ($3, $4)
       and ($5::bytea is null or r.address_index = $5)
       and ($6::text is null or o.detail ->> 'class' = $6)
       and ($7::text is null or o.detail ->> 'class' is distinct from $7)
       and ($8::timestamptz is null or o.at >= $8)
       and ($9::timestamptz is null or o.at < $9)
       and ($13::boolean is null or $13 = exists (
         select from block_dismissal d
         where d.workspace_id = o.workspace_id and d.address_index in (r.address_index, ''::bytea) and d.dismissed_at >= o.at))
     order by o.message_id desc, o.number desc
     limit $11 offset $12`,
    [
      workspaceId,
      filter.state,
      filter.before.messageId,
      filter.before.number,
      filter.addressIndex,
      filter.class,
      filter.exceptClass,
      filter.since,
      filter.until,
      filter.idFrom,
      rowsMax,
      filter.skip,
      filter.isDismissed,
    ],
  )
}

/** An empty index: of all addresses. */
export async function insertDismissals(
  db: TenantDatabase,
  workspaceId: string,
  addressIndexes: readonly Buffer[],
): Promise<void> {
  await db.query(
    `insert into block_dismissal (workspace_id, address_index)
     select $1, i from unnest($2::bytea[]) as i
     order by i
     on conflict (workspace_id, address_index) do update set dismissed_at = excluded.dismissed_at`,
    [workspaceId, addressIndexes],
  )
}
