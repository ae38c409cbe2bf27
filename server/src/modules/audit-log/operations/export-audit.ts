import { z } from 'zod'
import { defineBytesOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { filterInput } from '../audit-entry.ts'
import type { AuditLog } from '../audit-log-service.ts'
import { EXPORT_FORMATS } from '../export.ts'

export const exportAudit = defineBytesOperation({
  id: 'audit.export',
  method: 'GET',
  path: '/v1/audit/export',
  summary: 'Export the audit log of this workspace with proofs, oldest first',
  description:
    'NDJSON: a header with the signed checkpoint, a line per record with its salt and inclusion proof, an end. `bulkhead audit verify` checks it offline. More follows where the end says so: ask again from its next.',
  scope: 'audit:read',
  risk: 'safety',
  stepUpSeconds: 300,
  audit: 'audit.exported',
  faults: ['invalid_request', 'unavailable'],
  produces: 'application/x-ndjson',
  input: z.strictObject({
    ...filterInput,
    from: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0).describe('First index.'),
    limit: z.coerce.number().int().min(1).max(1000).default(1000).describe('Records, 1 to 1000.'),
    since: z.coerce
      .number()
      .int()
      .min(0)
      .max(Number.MAX_SAFE_INTEGER)
      .optional()
      .describe('Size of an older checkpoint: the header then proves that the log still begins with it.'),
    format: z
      .enum(EXPORT_FORMATS)
      .default('native')
      .describe('native, or ecs for the fields of the Elastic Common Schema.'),
  }),
  handle: (context: OperationContext<{ auditLog: AuditLog }>, input) =>
    context.services.auditLog.export(context, input),
})
