import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { SUPPRESSION_REASONS, Suppression } from '../suppression.ts'
import type { Suppressions } from '../suppressions-service.ts'

export const listSuppressions = defineOperation({
  id: 'suppressions.list',
  method: 'GET',
  path: '/v1/suppressions',
  summary: 'List suppressed addresses, newest first',
  scope: 'suppressions:read',
  risk: 'read',
  audit: 'suppression.listed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject({
    ...listInput,
    email: z.string().max(1016).optional().describe('Only this address.'),
    reason: z.enum(SUPPRESSION_REASONS).optional(),
  }),
  output: pageOf(Suppression),
  handle: (context: OperationContext<{ suppressions: Suppressions }>, input) =>
    context.services.suppressions.list(context, input),
})
