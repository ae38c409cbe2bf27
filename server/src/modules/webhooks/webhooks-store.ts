import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

export interface WebhookRecord {
  readonly id: string
  readonly url: string
  readonly description: string | null
  readonly event_types: string[]
  readonly state: 'enabled' | 'disabled'
  readonly disabled_reason: string | null
  readonly failing_since: Date | null
  readonly previous_secret_expires_at: Date | null
  readonly created_at: Date
  /** Null once that is over. */
  readonly inert_until: Date | null
}

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
  readonly created_at: Date
  readonly settled_at: Date | null
}

const COLUMNS = `id, url, description, event_types, state, disabled_reason, failing_since,
  case when previous_secret_expires_at > now() then previous_secret_expires_at end as previous_secret_expires_at, created_at,
  case when inert_until > now() then inert_until end as inert_until`
const DELIVERY_COLUMNS = `id, sequence, commit_xid::text as xid, event_id, type, message_id, number, state, attempts, due,
  last_status, last_error, created_at, settled_at`

export async function insertWebhook(
  db: TenantDatabase,
  endpoint: {
    readonly id: string
    readonly workspaceId: string
    readonly url: string
    readonly description: string | null
    readonly eventTypes: readonly string[]
    readonly secret: Buffer
  },
): Promise<WebhookRecord> {
  const [row] = await db.query<WebhookRecord>(
    `insert into webhook_endpoint (workspace_id, id, url, description, event_types, secret)
     values ($1, $2, $3, $4, $5, $6)
     returning ${COLUMNS}`,
    [
      endpoint.workspaceId,
      endpoint.id,
      endpoint.url,
      endpoint.description,
      endpoint.eventTypes,
      endpoint.secret,
    ],
  )
  if (row === undefined) throw new Error('the webhook endpoint was not stored')
  return row
}

export async function countWebhooks(db: TenantDatabase, workspaceId: string): Promise<number> {
  const [row] = await db.query<{ n: number }>(
    'select count(*)::integer as n from webhook_endpoint where workspace_id = $1',
    [workspaceId],
  )
  return row?.n ?? 0
}

export async function selectWebhook(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<WebhookRecord | undefined> {
  const rows = await db.query<WebhookRecord>(
    `select ${COLUMNS} from webhook_endpoint where workspace_id = $1 and id = $2`,
    [workspaceId, id],
  )
  return rows[0]
}

export function selectWebhooks(
  db: TenantDatabase,
  workspaceId: string,
  before: string | null,
  rowsMax: number,
): Promise<WebhookRecord[]> {
  return db.query<WebhookRecord>(
    `select ${COLUMNS}
     from webhook_endpoint
     where workspace_id = $1 and ($2::uuid is null or id < $2)
     order by id desc
     limit $3`,
    [workspaceId, before, rowsMax],
  )
}

/** Null leaves a value as it is. Enabling forgets why it was disabled and since when it failed. */
export async function updateWebhookRow(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  change: {
    readonly url: string | null
    readonly description: string | null
    readonly eventTypes: readonly string[] | null
    readonly state: 'enabled' | 'disabled' | null
  },
): Promise<WebhookRecord | undefined> {
  const rows = await db.query<WebhookRecord>(
    `update webhook_endpoint
     set url = coalesce($3, url),
         description = case when $4::text is null then description else nullif($4, '') end,
         event_types = coalesce($5::text[], event_types),
         state = coalesce($6, state),
         disabled_reason = case $6 when 'enabled' then null when 'disabled' then coalesce(disabled_reason, 'disabled by the workspace')
                           else disabled_reason end,
         failing_since = case when $6 = 'enabled' then null else failing_since end
     where workspace_id = $1 and id = $2
     returning ${COLUMNS}`,
    [workspaceId, id, change.url, change.description, change.eventTypes, change.state],
  )
  return rows[0]
}

export async function replaceSecret(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  secret: Buffer,
  overlapSeconds: number,
): Promise<WebhookRecord | undefined> {
  const rows = await db.query<WebhookRecord>(
    `update webhook_endpoint
     set previous_secret = secret, previous_secret_expires_at = now() + make_interval(secs => $4), secret = $3
     where workspace_id = $1 and id = $2
     returning ${COLUMNS}`,
    [workspaceId, id, secret, overlapSeconds],
  )
  return rows[0]
}

export async function deleteWebhookRow(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<boolean> {
  const rows = await db.query(
    'delete from webhook_endpoint where workspace_id = $1 and id = $2 returning 1',
    [workspaceId, id],
  )
  return rows.length > 0
}

/**
 * Deliveries of an endpoint in commit order, behind a position. Only transactions older than every running one are shown: a
 * reader that goes on from the last row never passes over one that commits late.
 */
export function selectDeliveries(
  db: TenantDatabase,
  workspaceId: string,
  endpointId: string,
  after: { readonly xid: string; readonly sequence: number },
  state: DeliveryRecord['state'] | null,
  rowsMax: number,
): Promise<DeliveryRecord[]> {
  return db.query<DeliveryRecord>(
    `select ${DELIVERY_COLUMNS}
     from webhook_delivery
     where workspace_id = $1 and endpoint_id = $2
       and (commit_xid, sequence) > ($3::text::xid8, $4::bigint)
       and commit_xid < pg_snapshot_xmin(pg_current_snapshot())
       and ($5::text is null or state = $5)
     order by commit_xid, sequence
     limit $6`,
    [workspaceId, endpointId, after.xid, after.sequence, state, rowsMax],
  )
}

export async function insertTestDelivery(
  db: TenantDatabase,
  delivery: {
    readonly workspaceId: string
    readonly endpointId: string
    readonly eventId: string
    readonly type: string
  },
): Promise<DeliveryRecord> {
  const [row] = await db.query<DeliveryRecord>(
    `insert into webhook_delivery (workspace_id, endpoint_id, event_id, type)
     values ($1, $2, $3, $4)
     returning ${DELIVERY_COLUMNS}`,
    [delivery.workspaceId, delivery.endpointId, delivery.eventId, delivery.type],
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
