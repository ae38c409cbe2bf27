/**
 * The audit outbox: who did what, written in the transaction of the act, so that an act that cannot be recorded does not happen.
 *
 * Owns the table audit_outbox. Invariant: a record holds no personal data; ids name what was touched.
 */
import type { AuditRecord } from '../../kernel/audit-record.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { insertAuditRecord } from './audit-store.ts'

export function createAuditOutbox(deps: { readonly newId: () => string }) {
  return {
    record: (db: TenantDatabase, record: AuditRecord): Promise<void> =>
      insertAuditRecord(db, deps.newId(), record),
  }
}
