import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { WebhookFormat } from './webhook.ts'

export interface WebhookRecord {
  readonly id: string
  readonly url: string
  readonly description: string | null
  readonly event_types: string[]
  readonly format: WebhookFormat
  readonly signing: boolean
  readonly public_key: string | null
  readonly format_events: string[]
  readonly state: 'enabled' | 'disabled'
  readonly disabled_reason: string | null
  readonly failing_since: Date | null
  readonly previous_secret_expires_at: Date | null
  readonly created_at: Date
  /** Null where it is as it was made. */
  readonly updated_at: Date | null
  /** Null once that is over. */
  readonly inert_until: Date | null
}

const COLUMNS = `id, url, description, event_types, format, signing, public_key, format_events, state, disabled_reason, failing_since,
  case when previous_secret_expires_at > now() then previous_secret_expires_at end as previous_secret_expires_at, created_at, updated_at,
  case when inert_until > now() then inert_until end as inert_until`

export async function insertWebhook(
  db: TenantDatabase,
  endpoint: {
    readonly id: string
    readonly workspaceId: string
    readonly url: string
    readonly description: string | null
    readonly eventTypes: readonly string[]
    readonly format: WebhookFormat
    readonly signing: boolean
    readonly formatEvents: readonly string[]
    readonly publicKey: string | null
    readonly secret: Buffer
  },
): Promise<WebhookRecord> {
  const [row] = await db.query<WebhookRecord>(
    `insert into webhook_endpoint (workspace_id, id, url, description, event_types, format, signing, format_events, public_key, secret)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     returning ${COLUMNS}`,
    [
      endpoint.workspaceId,
      endpoint.id,
      endpoint.url,
      endpoint.description,
      endpoint.eventTypes,
      endpoint.format,
      endpoint.signing,
      endpoint.formatEvents,
      endpoint.publicKey,
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

/** The endpoint as it is, which nobody changes before the end of the transaction. */
export async function lockWebhook(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<WebhookRecord | undefined> {
  const rows = await db.query<WebhookRecord>(
    `select ${COLUMNS} from webhook_endpoint where workspace_id = $1 and id = $2 for update`,
    [workspaceId, id],
  )
  return rows[0]
}

/** Null leaves a value as it is; a new secret is the only one from then on. Enabling forgets why it was disabled and since when it failed. */
export async function updateWebhookRow(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  change: {
    readonly url: string | null
    readonly description: string | null
    readonly eventTypes: readonly string[] | null
    readonly format: WebhookFormat | null
    readonly signing: boolean | null
    readonly formatEvents: readonly string[] | null
    readonly secret: { readonly sealed: Buffer; readonly publicKey: string | null } | null
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
         failing_since = case when $6 = 'enabled' then null else failing_since end,
         format = coalesce($7, format), signing = coalesce($8, signing), format_events = coalesce($9::text[], format_events),
         secret = coalesce($10::bytea, secret),
         public_key = case when $10::bytea is null then public_key else $11 end, updated_at = now(),
         previous_secret = case when $10::bytea is null then previous_secret end,
         previous_secret_expires_at = case when $10::bytea is null then previous_secret_expires_at end
     where workspace_id = $1 and id = $2
     returning ${COLUMNS}`,
    [
      workspaceId,
      id,
      change.url,
      change.description,
      change.eventTypes,
      change.state,
      change.format,
      change.signing,
      change.formatEvents,
      change.secret?.sealed ?? null,
      change.secret?.publicKey ?? null,
    ],
  )
  return rows[0]
}

/** `overlapSeconds`: for how long the old one signs as well; 0: no longer. */
export async function replaceSecret(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  secret: { readonly sealed: Buffer; readonly publicKey: string | null },
  overlapSeconds: number,
): Promise<WebhookRecord | undefined> {
  const rows = await db.query<WebhookRecord>(
    `update webhook_endpoint
     set previous_secret = case when $4 > 0 then secret end,
         previous_secret_expires_at = case when $4 > 0 then now() + make_interval(secs => $4) end,
         secret = $3, public_key = $5, updated_at = now()
     where workspace_id = $1 and id = $2
     returning ${COLUMNS}`,
    [workspaceId, id, secret.sealed, overlapSeconds, secret.publicKey],
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
