import type { AuditRecord } from '../../kernel/audit-record.ts'
import { encodeId } from '../../kernel/ids.ts'
import type { DnsResolver } from '../../platform/dns/index.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantDatabase, TenantTransactions } from '../../platform/postgres/tenant.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import { linkCheckInMs, standingAfter } from './link-domain.ts'
import type { LinkDomainStanding } from './link-domain.ts'
import { claimDueLinkDomains, selectLinkDomain, storeLinkCheck } from './link-domains-store.ts'
import type { LinkDomainRow } from './link-domains-store.ts'

export interface CheckDependencies {
  readonly resolver: Pick<DnsResolver, 'cname'>
  /** Where link domains point. */
  readonly target: string
  /** Development: `*.test` needs no DNS. */
  readonly trustTestDomains: boolean
  readonly nowMs: () => number
}

export interface LinkCheck {
  readonly row: LinkDomainRow
  readonly after: LinkDomainStanding
  readonly found: readonly string[]
  readonly advice: string | null
}

const FOUND_MAX = 5

/** Asks DNS, outside of any transaction. Never throws for what DNS answers. */
export async function lookAtLinkDomain(deps: CheckDependencies, row: LinkDomainRow): Promise<LinkCheck> {
  const { seen, found, advice } = await look(deps, row)
  const before = { state: row.state, failingSince: row.failing_since }
  return { row, found, advice, after: standingAfter(before, seen, new Date(deps.nowMs())) }
}

async function look(
  deps: CheckDependencies,
  row: LinkDomainRow,
): Promise<{
  readonly seen: 'right' | 'wrong' | 'unknown'
  readonly found: readonly string[]
  readonly advice: string | null
}> {
  // An alias that points here may be anybody's; the sending domain above it is what shows whose it is.
  if (!row.is_owned) {
    const advice = `${row.name} lies in no verified sending domain of this workspace. Add and verify that domain first: bulkhead domains add.`
    return { seen: 'wrong', found: row.found, advice }
  }
  if (deps.trustTestDomains && row.name.endsWith('.test')) return { seen: 'right', found: [], advice: null }
  const answer = await deps.resolver.cname(row.name)
  const wanted = `CNAME ${row.name} → ${deps.target}`
  switch (answer.kind) {
    case 'failed':
      return {
        seen: 'unknown',
        found: row.found,
        advice: `Could not check ${row.name} (${answer.code}): its DNS servers did not answer properly. This counts neither for nor against it; it is tried again.`,
      }
    case 'missing':
    case 'empty':
      return { seen: 'wrong', found: [], advice: `Publish ${wanted}.` }
    case 'found': {
      const found = answer.records.map((name) => name.toLowerCase().replace(/\.$/, '')).slice(0, FOUND_MAX)
      return found.length === 1 && found[0] === deps.target
        ? { seen: 'right', found, advice: null }
        : { seen: 'wrong', found, advice: `It points elsewhere. Replace it: ${wanted}.` }
    }
  }
}

/** Writes what a check means. False where the domain was deleted meanwhile. */
export function storeLook(
  db: TenantDatabase,
  workspaceId: string,
  check: LinkCheck,
  nowMs: number,
): Promise<boolean> {
  return storeLinkCheck(db, workspaceId, check.row.id, {
    state: check.after.state,
    failingSince: check.after.failingSince,
    found: check.found,
    advice: check.advice,
    nextCheckInMs: linkCheckInMs(check.after, nowMs - check.row.created_at.getTime()),
  })
}

const AT_ONCE = 20
/** How long a claimed one is left alone; a worker that dies meanwhile costs only this. */
const HOLD_SECONDS = 300

/** One round of re-checks: link domains whose time has come, of all workspaces. Returns how many were looked at. */
export function createLinkDomainRecheck(
  deps: CheckDependencies & {
    readonly pool: Queryable
    readonly transactions: TenantTransactions
    readonly recordAudit: (db: TenantDatabase, record: AuditRecord) => Promise<void>
    readonly log: Logger
  },
): () => Promise<number> {
  async function recheck(workspaceId: string, id: string): Promise<void> {
    const row = await deps.transactions.read(workspaceId, (db) => selectLinkDomain(db, workspaceId, id))
    if (row === undefined) return
    const check = await lookAtLinkDomain(deps, row)
    await deps.transactions.write(workspaceId, async (db) => {
      const stored = await storeLook(db, workspaceId, check, deps.nowMs())
      if (!stored || check.after.state === row.state) return
      await deps.recordAudit(db, {
        workspaceId,
        actor: 'worker:link-domain-recheck',
        action: check.after.state === 'verified' ? 'link_domain.verified' : 'link_domain.failing',
        target: encodeId('linkDomain', id),
        detail: { name: row.name, before: row.state },
      })
    })
  }

  return async () => {
    const due = await claimDueLinkDomains(deps.pool, AT_ONCE, HOLD_SECONDS)
    await Promise.all(
      due.map((row) =>
        recheck(row.workspace_id, row.id).catch((error: unknown) =>
          deps.log.warn(
            { err: error, linkDomainId: row.id },
            'A link domain could not be re-checked; it is tried again',
          ),
        ),
      ),
    )
    return due.length
  }
}
