import { z } from 'zod'
import { RECIPIENT_STATES } from '../../../kernel/lane.ts'
import { defineOperation, type OperationContext } from '../../../platform/http/operation.ts'
import { rateLimitFields } from '../../quotas/index.ts'
import { RECIPIENTS_MAX } from '../message.ts'
import type { Resends } from '../resend-service.ts'
import { Accepted } from '../views.ts'
import { presentAccepted } from './send-message.ts'

type Context = OperationContext<{ resends: Resends }>

export const previewResend = defineOperation({
  id: 'messages.previewResend',
  method: 'GET',
  path: '/v1/messages/{messageId}/resend',
  summary: 'Show who would get a message again',
  scope: 'messages:read',
  risk: 'read',
  audit: 'message.resend_previewed',
  input: z.strictObject({ messageId: z.string().max(100) }),
  output: z
    .object({
      refusal: z
        .string()
        .nullable()
        .describe('Why it cannot be sent again: sensitive, or its content is gone.'),
      recipients: z.array(
        z.object({
          number: z.int(),
          email: z.string(),
          state: z.enum(RECIPIENT_STATES),
          isChosen: z
            .boolean()
            .describe('Gets it where nobody is named: bounced, expired, cancelled or uncertain.'),
          mayBeChosen: z.boolean().describe('False for those who still wait for the first one.'),
          isSuppressed: z.boolean().describe('On the suppression list: would be suppressed again.'),
        }),
      ),
    })
    .meta({ id: 'ResendPreview' }),
  status: 200,
  faults: ['not_found', 'unavailable'],
  handle: (context: Context, input) => context.services.resends.preview(context, input.messageId),
})

export const resendMessage = defineOperation({
  id: 'messages.resend',
  method: 'POST',
  path: '/v1/messages/{messageId}/resend',
  summary: 'Send a message again, to those who did not get it or to those named',
  description:
    'Makes a new message with the same content; suppressions, quotas and containments hold as for any. The key needs messages:read too. The old message names the new one in resentAs, the new one the old in resentFrom. Refused for sensitive messages, and where the content is no longer kept.',
  scope: 'messages:send',
  risk: 'send',
  audit: 'message.resent',
  idempotent: true,
  input: z.strictObject({
    messageId: z.string().max(100),
    recipients: z
      .array(z.int().min(1).max(RECIPIENTS_MAX))
      .min(1)
      .max(RECIPIENTS_MAX)
      .optional()
      .describe(
        'Numbers of its recipients; default: those that bounced, expired, were cancelled or are uncertain.',
      ),
    reason: z
      .string()
      .min(1)
      .max(500)
      .refine((text) => !text.includes('@'), {
        error: 'holds an "@": no address belongs here, because the audit log keeps it for ever',
      })
      .optional()
      .describe(
        'For the timeline and the audit log, which keeps it for ever: no personal data. A text with an "@" is refused.',
      ),
  }),
  output: Accepted,
  status: 202,
  faults: [
    'invalid_request',
    'missing_scope',
    'not_found',
    'content_gone',
    'sender_refused',
    'idempotency_conflict',
    'too_many_requests',
    'rate_limited',
    'quota_exceeded',
    'unavailable',
    'storage_full',
  ],
  handle: async (context: Context, input) => {
    const accepted = await context.services.resends.resend(context, input.messageId, {
      recipients: input.recipients,
      reason: input.reason,
    })
    context.addHeaders(rateLimitFields(accepted.limits))
    return presentAccepted(accepted)
  },
})
