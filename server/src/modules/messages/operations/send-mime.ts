import { z } from 'zod'
import { invalidField } from '../../../kernel/faults.ts'
import { defineOperation, type OperationContext } from '../../../platform/http/operation.ts'
import { rateLimitFields } from '../../quotas/index.ts'
import { RECIPIENTS_MAX } from '../message.ts'
import { Tag, TAGS_MAX } from '../tag.ts'
import { sendingOf, type Messages } from '../messages-service.ts'
import { Accepted } from '../views.ts'
import { presentAccepted, SEND_BODY_BYTES_MAX } from './send-message.ts'

const oneOrMore = z.union([z.string().max(320), z.array(z.string().max(320)).max(RECIPIENTS_MAX * 10)])

export const sendMime = defineOperation({
  id: 'messages.sendMime',
  method: 'POST',
  path: '/v1/messages/mime',
  summary: 'Send a finished MIME message',
  description:
    'The body is the message as message/rfc822. It is kept byte for byte but for Bcc and the X-Bulkhead-* control headers. Recipients come from the query, or else from To, Cc and Bcc.',
  scope: 'messages:send',
  risk: 'send',
  audit: 'message.accepted',
  idempotent: true,
  consumes: 'mime',
  bodyBytesMax: SEND_BODY_BYTES_MAX,
  input: z.strictObject({
    from: z.string().max(320).optional().describe('The reverse-path; default the address in From.'),
    to: oneOrMore.optional().describe('Envelope recipients; repeat the parameter for several.'),
    lane: z.enum(['critical', 'transactional', 'bulk']).optional(),
    sensitive: z.enum(['true', 'false']).optional(),
    tag: z.union([Tag, z.array(Tag).max(TAGS_MAX)]).optional(),
    topic: z.string().max(100).optional(),
    batch: z.string().max(100).optional(),
    subaccount: z.string().min(1).max(255).optional(),
    sendAt: z.iso.datetime({ offset: true }).optional(),
    expiresAt: z.iso.datetime({ offset: true }).optional(),
  }),
  output: Accepted,
  status: 202,
  faults: [
    'invalid_request',
    'sender_refused',
    'too_many_recipients',
    'too_large',
    'unsupported_media_type',
    'idempotency_conflict',
    'rate_limited',
    'quota_exceeded',
    'unavailable',
  ],
  handle: async (context: OperationContext<{ messages: Messages }>, input) => {
    if (context.raw === undefined || context.raw.length === 0)
      throw invalidField('', 'the body is empty', 'Send the message as message/rfc822.')
    const accepted = await context.services.messages.sendMime({
      ...sendingOf(context),
      source: 'mime',
      raw: withCrlf(context.raw),
      envelopeFrom: input.from,
      envelopeRecipients: input.to === undefined ? undefined : [input.to].flat(),
      controls: {
        ...(input.lane === undefined ? {} : { lane: input.lane }),
        ...(input.sensitive === undefined ? {} : { sensitive: input.sensitive === 'true' }),
        ...(input.tag === undefined ? {} : { tags: [input.tag].flat() }),
        ...(input.topic === undefined ? {} : { topic: input.topic }),
        ...(input.batch === undefined ? {} : { batch: input.batch }),
        ...(input.subaccount === undefined ? {} : { subaccount: input.subaccount }),
        ...(input.sendAt === undefined ? {} : { sendAt: input.sendAt }),
        ...(input.expiresAt === undefined ? {} : { expiresAt: input.expiresAt }),
      },
      traceFields: () => [],
    })
    context.addHeaders(rateLimitFields(accepted.limits))
    return presentAccepted(accepted)
  },
})

/** Files on disk end lines with LF; a message whose lines all do is taken as such. Mixed ends are left, and refused later. */
function withCrlf(raw: Buffer): Buffer {
  return raw.includes('\r') ? raw : Buffer.from(raw.toString('latin1').replaceAll('\n', '\r\n'), 'latin1')
}
