/**
 * The audit log for those who read it: a workspace reads its own records with proofs, everybody reads the public half (checkpoint,
 * tiles, commitments).
 *
 * Tables owned: none; audit_entry belongs to security/audit and is read under row-level security. Invariant: nothing is shown that is
 * past the signed checkpoint without saying so, and the public half holds commitments only.
 */
import { exportAudit } from './operations/export-audit.ts'
import { getAuditEntry } from './operations/get-audit-entry.ts'
import { getAuditState } from './operations/get-audit-state.ts'
import { listAudit } from './operations/list-audit.ts'
import { listInstallationAudit } from './operations/list-installation-audit.ts'

export { createAuditLogReader } from './audit-log-service.ts'
export type { AuditLog } from './audit-log-service.ts'

export const auditLogOperations = [
  listAudit,
  listInstallationAudit,
  getAuditState,
  exportAudit,
  getAuditEntry,
]
