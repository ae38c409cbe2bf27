import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { AuditEntry, filterInput } from '../audit-entry.ts'
import type { AuditLog } from '../audit-log-service.ts'

export const listAudit = defineOperation({
  id: 'audit.list',
  method: 'GET',
  path: '/v1/audit',
  summary: 'List who did what in this workspace, newest first',
  description:
    'An act appears within a second. What processes opened with the keyring is here too, as keyring.unwrapped.',
  scope: 'audit:read',
  risk: 'safety',
  audit: 'audit.listed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject({ ...listInput, ...filterInput }),
  output: pageOf(AuditEntry),
  handle: (context: OperationContext<{ auditLog: AuditLog }>, input) =>
    context.services.auditLog.list(context, input),
})
