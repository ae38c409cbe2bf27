import { defineOperation, type OperationContext } from '../../../platform/http/operation.ts'
import { encodeId } from '../../../kernel/ids.ts'
import { rateLimitFields } from '../../quotas/index.ts'
import type { AcceptedMessage } from '../message.ts'
import { sendingOf, type Messages } from '../messages-service.ts'
import { SendRequest } from '../send-request.ts'
import { Accepted } from '../views.ts'

/** Base64 of attachments makes a body a third larger than the 40 MiB message. */
export const SEND_BODY_BYTES_MAX = 56 * 1024 * 1024

export const SEND_FAULTS = [
  'invalid_request',
  'sender_refused',
  'too_many_recipients',
  'too_large',
  'template_failed',
  'idempotency_conflict',
  'too_many_requests',
  'rate_limited',
  'quota_exceeded',
  'unavailable',
  'storage_full',
] as const

export const sendMessage = defineOperation({
  id: 'messages.send',
  method: 'POST',
  path: '/v1/messages',
  summary: 'Send a message',
  description:
    'Answers after the message is committed to disk. With an Idempotency-Key header a repeated request sends nothing twice.',
  scope: 'messages:send',
  risk: 'send',
  audit: 'message.accepted',
  idempotent: true,
  bodyBytesMax: SEND_BODY_BYTES_MAX,
  input: SendRequest,
  output: Accepted,
  status: 202,
  faults: SEND_FAULTS,
  handle: async (context: OperationContext<{ messages: Messages }>, input) => {
    const accepted = await context.services.messages.send(input, sendingOf(context), 'api')
    context.addHeaders(rateLimitFields(accepted.limits))
    return presentAccepted(accepted)
  },
})

export function presentAccepted(accepted: AcceptedMessage) {
  return {
    id: encodeId('message', accepted.id),
    requestId: encodeId('message', accepted.requestId),
    recipients: accepted.recipients.map((recipient) => ({ ...recipient })),
  }
}
