import { z } from 'zod'
import { defineEmptyOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { idOf } from '../../../platform/http/listing.ts'
import type { Suppressions } from '../suppressions-service.ts'

export const deleteSuppression = defineEmptyOperation({
  id: 'suppressions.delete',
  method: 'DELETE',
  path: '/v1/suppressions/{suppressionId}',
  summary: 'Lift a suppression',
  description: 'Mail is sent to the address again; a new hard bounce suppresses it again.',
  scope: 'suppressions:write',
  risk: 'write',
  audit: 'suppression.removed',
  faults: ['not_found'],
  input: z.strictObject({
    suppressionId: z.string(),
    why: z.string().trim().max(500).optional().describe('For the audit log: no personal data.'),
  }),
  handle: (context: OperationContext<{ suppressions: Suppressions }>, input) =>
    context.services.suppressions.remove(context, idOf('suppression', input.suppressionId), input.why),
})
