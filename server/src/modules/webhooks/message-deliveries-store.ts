import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

/** A message to a thousand recipients, told to a few endpoints, has thousands. */
export const MESSAGE_DELIVERIES_MAX = 500

export interface MessageDeliveryRecord {
  readonly id: string
  readonly endpoint_id: string
  readonly url: string
  readonly event_id: string
  readonly type: string
  readonly number: number | null
  readonly state: 'pending' | 'delivered' | 'failed'
  readonly attempts: number
  readonly due: Date
  readonly last_status: number | null
  readonly last_error: string | null
  readonly created_at: Date
  readonly settled_at: Date | null
}

/** The newest deliveries that tell about a message, one more than the most that is shown. By the index of the message (0043). */
export function selectMessageDeliveries(
  db: TenantDatabase,
  workspaceId: string,
  messageId: string,
): Promise<MessageDeliveryRecord[]> {
  return db.query<MessageDeliveryRecord>(
    `select d.id, d.endpoint_id, e.url, d.event_id, d.type, d.number, d.state, d.attempts, d.due, d.last_status, d.last_error,
            d.created_at, d.settled_at
     from webhook_delivery d
     join webhook_endpoint e on e.workspace_id = d.workspace_id and e.id = d.endpoint_id
     where d.workspace_id = $1 and d.message_id = $2
     order by d.sequence desc
     limit ${MESSAGE_DELIVERIES_MAX + 1}`,
    [workspaceId, messageId],
  )
}

/** Whether the workspace has such a message. */
export async function hasMessage(
  db: TenantDatabase,
  workspaceId: string,
  messageId: string,
): Promise<boolean> {
  const rows = await db.query('select 1 from message where workspace_id = $1 and id = $2', [
    workspaceId,
    messageId,
  ])
  return rows.length > 0
}
