import { z } from 'zod'
import { encodeId } from '../../../kernel/ids.ts'
import { idOf, missing } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { hasMessage, MESSAGE_DELIVERIES_MAX, selectMessageDeliveries } from '../message-deliveries-store.ts'

const MessageDelivery = z
  .object({
    id: z.string(),
    webhookId: z.string(),
    url: z.string().describe('Where it goes, as the endpoint is now.'),
    eventId: z.string(),
    type: z.string(),
    recipient: z.int().nullable(),
    state: z.enum(['pending', 'delivered', 'failed']),
    attempts: z.int(),
    nextAttemptAt: z.iso.datetime().nullable(),
    lastStatus: z.int().nullable().describe('HTTP status of the last try.'),
    lastError: z.string().nullable(),
    createdAt: z.iso.datetime(),
    settledAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'MessageWebhookDelivery' })

export const listMessageDeliveries = defineOperation({
  id: 'webhooks.message',
  method: 'GET',
  path: '/v1/messages/{messageId}/webhooks',
  summary: 'List the webhook deliveries that tell about a message',
  description:
    'Of all endpoints, the newest first. Deliveries are kept for seven days, so an older message has none.',
  scope: 'webhooks:read',
  risk: 'read',
  audit: 'webhook.deliveries_listed',
  faults: ['not_found'],
  status: 200,
  input: z.strictObject({ messageId: z.string().max(100) }),
  output: z.object({
    data: z.array(MessageDelivery),
    isWhole: z.boolean().describe(`False: only the newest ${MESSAGE_DELIVERIES_MAX} are listed.`),
  }),
  handle: async (context: OperationContext<unknown>, input) => {
    const messageId = idOf('message', input.messageId)
    const { workspaceId } = context
    const rows = await context.read(async (db) => {
      if (!(await hasMessage(db, workspaceId, messageId))) throw missing('message', messageId)
      return selectMessageDeliveries(db, workspaceId, messageId)
    })
    return {
      isWhole: rows.length <= MESSAGE_DELIVERIES_MAX,
      data: rows.slice(0, MESSAGE_DELIVERIES_MAX).map((row) => ({
        id: encodeId('delivery', row.id),
        webhookId: encodeId('webhook', row.endpoint_id),
        url: row.url,
        eventId: encodeId('event', row.event_id),
        type: row.type,
        recipient: row.number,
        state: row.state,
        attempts: row.attempts,
        nextAttemptAt: row.state === 'pending' ? row.due.toISOString() : null,
        lastStatus: row.last_status,
        lastError: row.last_error,
        createdAt: row.created_at.toISOString(),
        settledAt: row.settled_at?.toISOString() ?? null,
      })),
    }
  },
})
