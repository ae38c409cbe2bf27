import type { AuditRecord } from '../../kernel/audit-record.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

/** Writes one record in the caller's transaction. */
export async function insertAuditRecord(db: TenantDatabase, id: string, record: AuditRecord): Promise<void> {
  await db.query(
    'insert into audit_outbox (id, workspace_id, actor, action, target, detail) values ($1, $2, $3, $4, $5, $6)',
    [id, record.workspaceId, record.actor, record.action, record.target, JSON.stringify(record.detail)],
  )
}
