import { z } from 'zod'
import { Instant, listInput, pageOf, skipInput } from '../../../platform/http/listing.ts'
import { defineOperation, type OperationContext } from '../../../platform/http/operation.ts'
import { UNREACHED_STATES, type Outcomes } from '../outcomes-service.ts'

const Class = z.string().regex(/^[a-z_]{1,40}$/)

const Outcome = z
  .object({
    messageId: z.string(),
    recipient: z.int().describe('Its number within the message.'),
    email: z.string().nullable().describe('Null where its key was destroyed.'),
    state: z.enum(UNREACHED_STATES),
    at: Instant,
    attempts: z.int(),
    class: z.string().nullable().describe('Whom a refusal was about: recipient, content, policy and others.'),
    code: z.int().nullable().describe('Of the last reply.'),
    enhanced: z.string().nullable().describe('Its enhanced status code (RFC 3463).'),
    reply: z.string().nullable().describe('Its words, without addresses.'),
  })
  .meta({ id: 'Outcome' })

export const listOutcomes = defineOperation({
  id: 'messages.outcomes',
  method: 'GET',
  path: '/v1/outcomes',
  summary: 'List recipients whom mail did not reach, and why',
  description: 'Of the newest messages first. Without since: of the last 90 days.',
  scope: 'messages:read',
  risk: 'read',
  audit: 'message.outcomes_listed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject({
    state: z.enum(UNREACHED_STATES).default('bounced'),
    recipient: z.string().max(320).optional().describe('An exact address, found by its blind index.'),
    class: Class.optional().describe('Only refusals of this class.'),
    exceptClass: Class.optional().describe('All but refusals of this class.'),
    dismissed: z
      .enum(['true', 'false'])
      .optional()
      .describe('Only those that were dismissed, or only those that were not. Default: all.'),
    since: z.iso.datetime({ offset: true }).optional(),
    until: z.iso.datetime({ offset: true }).optional(),
    ...listInput,
    ...skipInput,
  }),
  output: pageOf(Outcome),
  handle: (context: OperationContext<{ outcomes: Outcomes }>, input) =>
    context.services.outcomes.list(context, input),
})
