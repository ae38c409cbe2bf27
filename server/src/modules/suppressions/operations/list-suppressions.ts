import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { listInput, pageOf, skipInput } from '../../../platform/http/listing.ts'
import { SUPPRESSION_REASONS, SUPPRESSION_SCOPES, Suppression } from '../suppression.ts'
import type { Suppressions } from '../suppressions-service.ts'

/** What lists and exports can be narrowed by. */
export const suppressionFilter = {
  reason: z
    .enum(SUPPRESSION_REASONS)
    .optional()
    .describe('Entries for which this reason was told, beside others too.'),
  scope: z.enum(SUPPRESSION_SCOPES).optional(),
  since: z.iso.datetime({ offset: true }).optional().describe('Entries made at this time or later.'),
  until: z.iso.datetime({ offset: true }).optional().describe('Entries made before this time.'),
  unroutable: z
    .enum(['true', 'false'])
    .optional()
    .describe('true: only addresses that DNS or a server said are none at all; false: only others.'),
}

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
    ...skipInput,
    email: z.string().max(1016).optional().describe('Only this address.'),
    ...suppressionFilter,
  }),
  output: pageOf(Suppression),
  handle: (context: OperationContext<{ suppressions: Suppressions }>, input) =>
    context.services.suppressions.list(context, input),
})
