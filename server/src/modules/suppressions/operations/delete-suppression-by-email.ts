import { z } from 'zod'
import { defineEmptyOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Suppressions } from '../suppressions-service.ts'

export const deleteSuppressionByEmail = defineEmptyOperation({
  id: 'suppressions.deleteByEmail',
  method: 'DELETE',
  path: '/v1/suppressions',
  summary: 'Lift the suppression of an address',
  scope: 'suppressions:write',
  risk: 'write',
  audit: 'suppression.removed',
  faults: ['invalid_request', 'not_found', 'unavailable'],
  input: z.strictObject({ email: z.string().max(1016) }),
  handle: (context: OperationContext<{ suppressions: Suppressions }>, input) =>
    context.services.suppressions.removeByEmail(context, input.email),
})
