import { z } from 'zod'
import { defineBytesOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Suppressions } from '../suppressions-service.ts'
import { suppressionFilter } from './list-suppressions.ts'

export const exportSuppressions = defineBytesOperation({
  id: 'suppressions.export',
  method: 'GET',
  path: '/v1/suppressions/export',
  summary: 'Export suppressed addresses, newest first',
  description:
    'JSON lines that can be imported again, and a last line of type end: more follows where its next is not null. Entries whose address is erased are left out, and counted.',
  scope: 'suppressions:read',
  risk: 'read',
  // Many addresses at once: as for other exports.
  stepUpSeconds: 300,
  audit: 'suppression.exported',
  faults: ['invalid_request', 'unavailable'],
  produces: 'application/x-ndjson',
  input: z.strictObject({
    limit: z.coerce.number().int().min(1).max(5000).default(1000).describe('Entries, 1 to 5000.'),
    cursor: z.string().max(200).optional().describe('next of the part before.'),
    ...suppressionFilter,
  }),
  handle: (context: OperationContext<{ suppressions: Suppressions }>, input) =>
    context.services.suppressions.export(context, input),
})
