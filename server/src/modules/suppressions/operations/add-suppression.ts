import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { SUPPRESSION_REASONS, Suppression } from '../suppression.ts'
import type { Suppressions } from '../suppressions-service.ts'

export const addSuppression = defineOperation({
  id: 'suppressions.add',
  method: 'POST',
  path: '/v1/suppressions',
  summary: 'Suppress an address',
  description:
    'Nothing more is sent to it by this workspace. An address that is listed already is answered as it stands.',
  scope: 'suppressions:write',
  risk: 'write',
  audit: 'suppression.added',
  faults: ['invalid_request', 'unavailable'],
  status: 201,
  input: z.strictObject({
    email: z.string().max(1016),
    reason: z.enum(SUPPRESSION_REASONS).default('manual'),
    note: z.string().trim().max(1000).optional().describe('For people. Stored sealed.'),
  }),
  output: Suppression,
  handle: (context: OperationContext<{ suppressions: Suppressions }>, input) =>
    context.services.suppressions.add(context, input),
})
