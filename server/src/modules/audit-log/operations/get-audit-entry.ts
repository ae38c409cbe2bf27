import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { ProvedAuditEntry } from '../audit-entry.ts'
import type { AuditLog } from '../audit-log-service.ts'

export const getAuditEntry = defineOperation({
  id: 'audit.get',
  method: 'GET',
  path: '/v1/audit/{index}',
  summary: 'Get an entry of the audit log with its proof',
  scope: 'audit:read',
  risk: 'safety',
  audit: 'audit.read',
  faults: ['invalid_request', 'not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ index: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER) }),
  output: ProvedAuditEntry,
  handle: (context: OperationContext<{ auditLog: AuditLog }>, input) =>
    context.services.auditLog.get(context, input.index),
})
