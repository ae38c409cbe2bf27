import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { WebhookFormat } from './webhook.ts'

export interface DeliveryRecord {
  readonly id: string
  readonly sequence: number
  readonly xid: string
  readonly event_id: string
  readonly type: string
  readonly message_id: string | null
  readonly number: number | null
  readonly state: 'pending' | 'delivered' | 'failed'
  readonly attempts: number
  readonly due: Date
  readonly last_status: number | null
  readonly last_error: string | null
  readonly last_ms: number | null
  readonly created_at: Date
  readonly settled_at: Date | null
}

/** What a delivery's body is made of, as it is stored. */
export interface DeliverySource extends DeliveryRecord {
  readonly endpoint_id: string
  readonly workspace_id: string
  readonly happened_at: Date
  /** Tries of the message, not of the delivery. */
  readonly message_attempts: number | null
  readonly detail: Record<string, unknown> | null
  readonly address: Buffer | null
  readonly sensitive: boolean
  readonly tags: string[]
  readonly summary: Buffer | null
  readonly answer: Buffer | null
  readonly format: WebhookFormat
  readonly format_events: string[]
  readonly accepted_at: Date | null
  readonly send_at: Date | null
  readonly topic_number: number | null
  readonly numbers: number[] | null
  readonly kinds: string[] | null
  readonly addresses: Buffer[] | null
}

export interface DeliveryFilter {
  readonly state: DeliveryRecord['state'] | null
  readonly type: string | null
  readonly since: Date | null
}

const DELIVERY_COLUMNS = `id, sequence, commit_xid::text as xid, event_id, type, message_id, number, state, attempts, due,
  last_status, last_error, last_ms, created_at, settled_at`

/**
 * Deliveries of an endpoint in commit order, behind a position. Only transactions older than every running one are shown: a
 * reader that goes on from the last row never passes over one that commits late.
 */
export function selectDeliveries(
  db: TenantDatabase,
  workspaceId: string,
  endpointId: string,
  after: { readonly xid: string; readonly sequence: number },
  filter: DeliveryFilter,
  rowsMax: number,
): Promise<DeliveryRecord[]> {
  return db.query<DeliveryRecord>(
    `select ${DELIVERY_COLUMNS}
     from webhook_delivery
     where workspace_id = $1 and endpoint_id = $2
       and (commit_xid, sequence) > ($3::text::xid8, $4::bigint)
       and commit_xid < pg_snapshot_xmin(pg_current_snapshot())
       and ($5::text is null or state = $5)
       and ($6::text is null or type = $6)
       and ($7::timestamptz is null or created_at >= $7)
     order by commit_xid, sequence
     limit $8`,
    [workspaceId, endpointId, after.xid, after.sequence, filter.state, filter.type, filter.since, rowsMax],
  )
}

/** The same, the newest first, before a position; what has just been written is among them, because nobody goes on from here to what is newer. */
export function selectNewestDeliveries(
  db: TenantDatabase,
  workspaceId: string,
  endpointId: string,
  before: { readonly xid: string; readonly sequence: number } | null,
  filter: DeliveryFilter,
  rowsMax: number,
): Promise<DeliveryRecord[]> {
  return db.query<DeliveryRecord>(
    `select ${DELIVERY_COLUMNS}
     from webhook_delivery
     where workspace_id = $1 and endpoint_id = $2
       and ($3::text is null or (commit_xid, sequence) < ($3::text::xid8, $4::bigint))
       and ($5::text is null or state = $5)
       and ($6::text is null or type = $6)
       and ($7::timestamptz is null or created_at >= $7)
     order by commit_xid desc, sequence desc
     limit $8`,
    [
      workspaceId,
      endpointId,
      before?.xid ?? null,
      before?.sequence ?? null,
      filter.state,
      filter.type,
      filter.since,
      rowsMax,
    ],
  )
}

/** A delivery with what its body is made of, as the engine gives it to the dispatcher. Undefined where the endpoint has no such delivery. */
export async function selectDelivery(
  db: TenantDatabase,
  workspaceId: string,
  endpointId: string,
  id: string,
): Promise<DeliverySource | undefined> {
  const rows = await db.query<DeliverySource>(
    `select d.id, d.sequence, d.commit_xid::text as xid, d.event_id, d.type, d.message_id, d.number, d.state, d.attempts, d.due,
            d.last_status, d.last_error, d.last_ms, d.created_at, d.settled_at, d.workspace_id, d.endpoint_id, d.answer,
            coalesce(o.at, v.at, a.at, m.created_at, d.created_at) as happened_at, o.attempts as message_attempts,
            coalesce(o.detail, v.detail, a.record::jsonb - '{v,id,workspace}'::text[] || jsonb_build_object('index', a.index)) as detail,
            r.address, coalesce(m.sensitive, false) as sensitive, coalesce(m.tags, '{}') as tags,
            case when m.sensitive then null else m.summary end as summary,
            p.format, p.format_events, m.created_at as accepted_at, m.send_at, tp.number as topic_number, w.numbers, w.kinds, w.addresses
     from webhook_delivery d
     join webhook_endpoint p on p.workspace_id = d.workspace_id and p.id = d.endpoint_id
     left join message m on m.workspace_id = d.workspace_id and m.id = d.message_id
     left join topic tp on tp.workspace_id = d.workspace_id and tp.id = m.topic_id
     left join recipient r on r.workspace_id = d.workspace_id and r.message_id = d.message_id and r.number = d.number
     left join outcome o on o.workspace_id = d.workspace_id and o.message_id = d.message_id and o.number = d.number
       and o.event_id = d.event_id
     left join event v on v.workspace_id = d.workspace_id and v.message_id = d.message_id and v.id = d.event_id
     left join audit_entry a on d.type = 'audit.recorded' and a.workspace_id = d.workspace_id
       and a.index = ('x' || right(replace(d.event_id::text, '-', ''), 12))::bit(48)::bigint
     left join lateral (
       select array_agg(x.number order by x.number) as numbers, array_agg(x.kind order by x.number) as kinds,
              array_agg(x.address order by x.number) as addresses
       from recipient x
       left join outcome y on y.workspace_id = x.workspace_id and y.message_id = x.message_id and y.number = x.number
       where p.format <> 'bulkhead' and d.type = 'message.accepted'
         and x.workspace_id = d.workspace_id and x.message_id = d.message_id
         and (y.state is null or y.state not in ('suppressed', 'cancelled') or y.attempts > 0
              or y.at > coalesce(m.send_at, m.created_at))
     ) w on true
     where d.workspace_id = $1 and d.endpoint_id = $2 and d.id = $3`,
    [workspaceId, endpointId, id],
  )
  return rows[0]
}

export async function insertTestDelivery(
  db: TenantDatabase,
  delivery: {
    readonly workspaceId: string
    readonly endpointId: string
    readonly eventId: string
    readonly type: string
    readonly id: string
    readonly answer: Buffer
  },
): Promise<DeliveryRecord> {
  const [row] = await db.query<DeliveryRecord>(
    `insert into webhook_delivery (workspace_id, endpoint_id, event_id, type, id, answer)
     values ($1, $2, $3, $4, $5, $6)
     returning ${DELIVERY_COLUMNS}`,
    [
      delivery.workspaceId,
      delivery.endpointId,
      delivery.eventId,
      delivery.type,
      delivery.id,
      delivery.answer,
    ],
  )
  if (row === undefined) throw new Error('the test delivery was not stored')
  return row
}

/** Puts a delivery before the dispatcher again, with all its tries. Undefined where the endpoint has no such delivery. */
export async function requeueDelivery(
  db: TenantDatabase,
  workspaceId: string,
  endpointId: string,
  id: string,
): Promise<DeliveryRecord | undefined> {
  const rows = await db.query<DeliveryRecord>(
    `update webhook_delivery
     set state = 'pending', due = now(), settled_at = null, attempts = case when state = 'pending' then attempts else 0 end
     where workspace_id = $1 and endpoint_id = $2 and id = $3
     returning ${DELIVERY_COLUMNS}`,
    [workspaceId, endpointId, id],
  )
  return rows[0]
}

/**
 * Puts the oldest failed deliveries before the dispatcher again: those that had failed at `until`, so that one that fails once more in the
 * meantime is not taken twice. Answers how many were taken, and how many are left, counted to `countMax`.
 */
export async function requeueFailed(
  db: TenantDatabase,
  workspaceId: string,
  endpointId: string,
  request: { readonly until: Date; readonly limit: number; readonly countMax: number },
): Promise<{ readonly taken: number; readonly left: number }> {
  const [row] = await db.query<{ taken: number; found: number }>(
    `with found as (
       select id from webhook_delivery
       where workspace_id = $1 and endpoint_id = $2 and state = 'failed' and settled_at <= $3
       order by commit_xid, sequence
       limit $5
     ), taken as (
       update webhook_delivery d
       set state = 'pending', due = now(), settled_at = null, attempts = 0
       from (select id from found limit $4) f
       where d.workspace_id = $1 and d.id = f.id and d.state = 'failed'
       returning 1
     )
     select (select count(*) from taken)::integer as taken, (select count(*) from found)::integer as found`,
    [workspaceId, endpointId, request.until, request.limit, request.countMax],
  )
  const { taken, found } = row ?? { taken: 0, found: 0 }
  return { taken, left: Math.max(0, found - taken) }
}

export async function selectNow(db: TenantDatabase): Promise<Date> {
  const [row] = await db.query<{ at: Date }>('select clock_timestamp() as at')
  if (row === undefined) throw new Error('the database told no time')
  return row.at
}

export interface DeliveryBin {
  readonly at: Date
  readonly delivered: number
  readonly failed: number
  readonly pending: number
  readonly median_ms: number | null
}

/** What became of the newest deliveries since a time, in bins; at most `rowsMax` of them are looked at. */
export function selectDeliveryBins(
  db: TenantDatabase,
  workspaceId: string,
  endpointId: string,
  request: { readonly since: Date; readonly binSeconds: number; readonly rowsMax: number },
): Promise<DeliveryBin[]> {
  return db.query<DeliveryBin>(
    `with newest as (
       select created_at, state, last_ms from webhook_delivery
       where workspace_id = $1 and endpoint_id = $2
       order by commit_xid desc, sequence desc
       limit $5
     )
     select date_bin(make_interval(secs => $4), created_at, '2000-01-01T00:00:00Z') as at,
            count(*) filter (where state = 'delivered')::integer as delivered,
            count(*) filter (where state = 'failed')::integer as failed,
            count(*) filter (where state = 'pending')::integer as pending,
            percentile_cont(0.5) within group (order by last_ms)::double precision as median_ms
     from newest
     where created_at >= $3
     group by 1
     order by 1`,
    [workspaceId, endpointId, request.since, request.binSeconds, request.rowsMax],
  )
}
