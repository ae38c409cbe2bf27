import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Expiry, Note, Scope, SUPPRESSION_REASONS, Suppression } from '../suppression.ts'
import type { Suppressions } from '../suppressions-service.ts'

export const addSuppression = defineOperation({
  id: 'suppressions.add',
  method: 'POST',
  path: '/v1/suppressions',
  summary: 'Suppress an address',
  description:
    'Nothing more is sent to it by this workspace; with the scope bulk, no bulk mail. Of an address that is listed already the entry stays, unless the new one stops more.',
  scope: 'suppressions:write',
  risk: 'write',
  audit: 'suppression.added',
  faults: ['invalid_request', 'unavailable'],
  status: 201,
  input: z.strictObject({
    email: z.string().max(1016),
    reason: z.enum(SUPPRESSION_REASONS).default('manual'),
    scope: Scope.optional().describe('Default all; for the reason unsubscribe bulk.'),
    expiresAt: Expiry.optional().describe('When the entry ends by itself. Default never.'),
    note: Note.optional(),
  }),
  output: Suppression,
  handle: (context: OperationContext<{ suppressions: Suppressions }>, input) =>
    context.services.suppressions.add(context, input),
})
