import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { AuditEntry, filterInput } from '../audit-entry.ts'
import type { AuditLog } from '../audit-log-service.ts'

export const listInstallationAudit = defineOperation({
  id: 'audit.listInstallation',
  method: 'GET',
  path: '/v1/installation/audit',
  summary: 'List who did what in the installation, newest first',
  description:
    "Needs the operator's key. Only records that belong to no workspace: staff, rotations, shredded workspaces, refusals of the keyring. What happened in a workspace is read with its own keys.",
  scope: 'installation-audit:read',
  risk: 'safety',
  audit: 'audit.installation_listed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject({ ...listInput, ...filterInput }),
  output: pageOf(AuditEntry),
  handle: (context: OperationContext<{ auditLog: AuditLog }>, input) =>
    context.services.auditLog.listInstallation(input),
})
