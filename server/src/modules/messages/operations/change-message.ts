import { z } from 'zod'
import { defineOperation, type OperationContext } from '../../../platform/http/operation.ts'
import type { Messages } from '../messages-service.ts'

type Context = OperationContext<{ messages: Messages }>

export const cancelMessage = defineOperation({
  id: 'messages.cancel',
  method: 'POST',
  path: '/v1/messages/{messageId}/cancel',
  summary: 'Cancel the recipients that still wait',
  scope: 'messages:send',
  risk: 'write',
  audit: 'message.cancelled',
  input: z.strictObject({ messageId: z.string().max(100) }),
  output: z.object({
    cancelled: z.int(),
    inFlight: z.int().describe('Recipients that are being attempted and could not be cancelled.'),
  }),
  status: 200,
  faults: ['not_found', 'not_cancellable'],
  handle: (context: Context, input) =>
    context.act(async (db, about) => {
      const result = await context.services.messages.cancel(db, context.workspaceId, input.messageId)
      about(input.messageId, { recipients: result.cancelled })
      return result
    }),
})

export const rescheduleMessage = defineOperation({
  id: 'messages.reschedule',
  method: 'POST',
  path: '/v1/messages/{messageId}/reschedule',
  summary: 'Move the recipients that still wait to another time',
  scope: 'messages:send',
  risk: 'write',
  audit: 'message.rescheduled',
  input: z.strictObject({
    messageId: z.string().max(100),
    sendAt: z.iso.datetime({ offset: true }),
    expiresAt: z.iso.datetime({ offset: true }).optional(),
  }),
  output: z.object({ rescheduled: z.int(), sendAt: z.iso.datetime(), expiresAt: z.iso.datetime() }),
  status: 200,
  faults: ['not_found', 'not_cancellable', 'invalid_request'],
  handle: (context: Context, input) =>
    context.act(async (db, about) => {
      about(input.messageId, { sendAt: input.sendAt })
      return context.services.messages.reschedule(db, context.workspaceId, input.messageId, {
        sendAt: input.sendAt,
        expiresAt: input.expiresAt,
      })
    }),
})
