import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { idOf } from '../../../platform/http/listing.ts'
import { Expiry, Note, Scope, Suppression } from '../suppression.ts'
import type { Suppressions } from '../suppressions-service.ts'

export const updateSuppression = defineOperation({
  id: 'suppressions.update',
  method: 'PATCH',
  path: '/v1/suppressions/{suppressionId}',
  summary: 'Change what a suppression stops, when it ends, or its note',
  description: 'What is left out stays as it is; null takes the note or the end away.',
  scope: 'suppressions:write',
  risk: 'write',
  audit: 'suppression.changed',
  faults: ['invalid_request', 'not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({
    suppressionId: z.string(),
    scope: Scope.optional(),
    expiresAt: Expiry.nullable().optional().describe('When the entry ends by itself; null: never.'),
    note: Note.nullable().optional(),
  }),
  output: Suppression,
  handle: (context: OperationContext<{ suppressions: Suppressions }>, input) =>
    context.services.suppressions.update(context, idOf('suppression', input.suppressionId), {
      scope: input.scope,
      expiresAt: input.expiresAt,
      note: input.note,
    }),
})
