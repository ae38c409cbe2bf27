/**
 * The audit log: who did what, written in the transaction of the act, so that an act that cannot be recorded does not happen, then
 * sequenced into a Merkle log that anybody can verify.
 *
 * Owns the tables audit_outbox, audit_entry, audit_tile, audit_state, audit_stream, audit_unwrap, audit_refusal. Invariants: a record
 * holds no personal data, ids name what was touched; the log only grows; what was signed is on file.
 */
import type { AuditRecord } from '../../kernel/audit-record.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { insertAuditRecord } from './audit-store.ts'

export { createAuditLog } from './audit-log.ts'
export type { AuditLogDeps } from './audit-log.ts'
export { readKeyringRefusals } from './log-store.ts'
export type { KeyringRefusals } from './log-store.ts'
export type { AuditSigner, Witness, WitnessState } from './checkpoints.ts'

export function createAuditOutbox(deps: { readonly newId: () => string }) {
  return {
    record: (db: TenantDatabase, record: AuditRecord): Promise<void> =>
      insertAuditRecord(db, deps.newId(), record),
  }
}
