import { z } from 'zod'
import { defineEmptyOperation, type OperationContext } from '../../../platform/http/operation.ts'
import type { Outcomes } from '../outcomes-service.ts'

export const dismissOutcomes = defineEmptyOperation({
  id: 'messages.dismissOutcomes',
  method: 'POST',
  path: '/v1/outcomes/dismiss',
  summary: 'Leave refusals up to now out of lists that ask for what was not dismissed',
  description:
    'For people who have seen to them. The record of what became of mail stays, and GET /v1/outcomes shows it to whoever does not say dismissed=false.',
  scope: 'suppressions:write',
  risk: 'write',
  audit: 'message.outcomes_dismissed',
  faults: ['invalid_request', 'unavailable'],
  input: z.strictObject({
    emails: z
      .array(z.string().max(1016))
      .min(1)
      .max(1_000)
      .optional()
      .describe('Of these addresses. Default: of all.'),
  }),
  handle: (context: OperationContext<{ outcomes: Outcomes }>, input) =>
    context.services.outcomes.dismiss(context, input),
})
