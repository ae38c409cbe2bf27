import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { AuditState } from '../audit-entry.ts'
import type { AuditLog } from '../audit-log-service.ts'

export const getAuditState = defineOperation({
  id: 'audit.state',
  method: 'GET',
  path: '/v1/audit/state',
  summary: 'Get where the audit log stands: signed, cosigned, or why it waits',
  scope: 'audit:read',
  risk: 'safety',
  audit: 'audit.state_read',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject({}),
  output: AuditState,
  handle: (context: OperationContext<{ auditLog: AuditLog }>) => context.services.auditLog.state(),
})
