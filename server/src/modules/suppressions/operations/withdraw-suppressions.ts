import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { SUPPRESSION_REASONS } from '../suppression.ts'
import type { Suppressions } from '../suppressions-service.ts'

export const withdrawSuppressions = defineOperation({
  id: 'suppressions.withdraw',
  method: 'POST',
  path: '/v1/suppressions/withdraw',
  summary: 'Take one reason for suppressing back, of some addresses or of all',
  description:
    'Where it was the only reason mail goes to the address again; where there are others they go on to stop it. At most 1,000 addresses in one call: repeat while hasMore.',
  scope: 'suppressions:write',
  risk: 'write',
  audit: 'suppression.withdrawn',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject({
    reason: z.enum(SUPPRESSION_REASONS),
    emails: z.array(z.string().max(1016)).min(1).max(1_000).optional().describe('Default: all addresses.'),
    unroutable: z.boolean().optional().describe('As in the list.'),
  }),
  output: z.object({
    withdrawn: z.int().describe('Addresses for which this reason had been told.'),
    hasMore: z.boolean(),
  }),
  handle: (context: OperationContext<{ suppressions: Suppressions }>, input) =>
    context.services.suppressions.withdraw(context, input),
})
