/**
 * The audit outbox: who did what, written in the transaction of the act, so that an act that cannot be recorded does not happen.
 *
 * Owns the table audit_outbox. Invariant: a record holds no personal data; ids name what was touched.
 */
import type { AuditRecord } from '../../kernel/audit-record.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

export function createAuditOutbox(deps: { readonly newId: () => string }) {
  return {
    async record(db: TenantDatabase, record: AuditRecord): Promise<void> {
      await db.query(
        'insert into audit_outbox (id, workspace_id, actor, action, target, detail) values ($1, $2, $3, $4, $5, $6)',
        [
          deps.newId(),
          record.workspaceId,
          record.actor,
          record.action,
          record.target,
          JSON.stringify(record.detail),
        ],
      )
    },
  }
}
