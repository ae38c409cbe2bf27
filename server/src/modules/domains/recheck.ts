import type { Logger } from '../../platform/telemetry/index.ts'
import type { DnsResolver } from '../../platform/dns/index.ts'
import type { AuditRecord } from '../../kernel/audit-record.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantDatabase, TenantTransactions } from '../../platform/postgres/tenant.ts'
import { encodeId } from '../../kernel/ids.ts'
import { createDomainCheck } from './check.ts'
import { claimDueDomains } from './due-store.ts'
import { selectDomain } from './domains-store.ts'

const AT_ONCE = 20
/** How long a claimed domain is left alone; a worker that dies meanwhile costs only this. */
const HOLD_SECONDS = 300

/** One round of re-checks: domains whose time has come, of all workspaces. Returns how many were looked at. */
export function createDomainRecheck(deps: {
  readonly pool: Queryable
  readonly transactions: TenantTransactions
  readonly resolver: Pick<DnsResolver, 'txt' | 'cname'>
  readonly settings: { readonly delegationZone: string | null; readonly trustTestDomains: boolean }
  readonly recordAudit: (db: TenantDatabase, record: AuditRecord) => Promise<void>
  readonly log: Logger
  readonly clock?: () => number
}): () => Promise<number> {
  const check = createDomainCheck(deps)

  async function recheck(workspaceId: string, id: string): Promise<void> {
    const domain = await deps.transactions.read(workspaceId, (db) => selectDomain(db, workspaceId, id))
    if (domain === undefined) return
    const outcome = await check.look(domain)
    await deps.transactions.write(workspaceId, async (db) => {
      const risen = await check.store(db, workspaceId, outcome)
      if (risen === null) return
      if (risen.length > 0)
        await deps.recordAudit(db, {
          workspaceId,
          actor: 'worker:domain-recheck',
          action: 'domain.keys_changed',
          target: encodeId('domain', id),
          detail: { name: domain.name, selectors: risen },
        })
      if (outcome.after.state === outcome.before) return
      await deps.recordAudit(db, {
        workspaceId,
        actor: 'worker:domain-recheck',
        action: outcome.after.state === 'verified' ? 'domain.verified' : 'domain.failing',
        target: encodeId('domain', id),
        detail: { name: domain.name, before: outcome.before },
      })
    })
  }

  return async () => {
    const due = await claimDueDomains(deps.pool, AT_ONCE, HOLD_SECONDS)
    await Promise.all(
      due.map((row) =>
        recheck(row.workspace_id, row.id).catch((error: unknown) =>
          deps.log.warn(
            { err: error, domainId: row.id },
            'A domain could not be re-checked; it is tried again',
          ),
        ),
      ),
    )
    return due.length
  }
}
