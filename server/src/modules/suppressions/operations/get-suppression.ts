import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { idOf } from '../../../platform/http/listing.ts'
import { Suppression } from '../suppression.ts'
import type { Suppressions } from '../suppressions-service.ts'

export const getSuppression = defineOperation({
  id: 'suppressions.get',
  method: 'GET',
  path: '/v1/suppressions/{suppressionId}',
  summary: 'Show one suppressed address, with its evidence',
  scope: 'suppressions:read',
  risk: 'read',
  audit: 'suppression.read',
  faults: ['not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ suppressionId: z.string() }),
  output: Suppression,
  handle: (context: OperationContext<{ suppressions: Suppressions }>, input) =>
    context.services.suppressions.get(context, idOf('suppression', input.suppressionId)),
})
