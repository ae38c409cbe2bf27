import type { DnsResolver } from '../../platform/dns/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { DomainState, RecordCheck } from './domain.ts'
import { storeCheck } from './domains-store.ts'
import type { DomainRecord } from './domains-store.ts'
import { checkRecords } from './judge.ts'
import { RETIRE_MS, promoted, seenPending } from './key-rotation.ts'
import { forgetSelectors, promoteSelectors } from './key-store.ts'
import { checkOf, expectedRecords } from './records.ts'
import type { ExpectedRecord } from './records.ts'
import { afterCheck, nextCheckInMs, publishedAfter } from './transitions.ts'
import type { Standing } from './transitions.ts'

interface CheckOutcome {
  readonly domain: DomainRecord
  readonly before: DomainState
  readonly after: Standing
  readonly checks: readonly RecordCheck[]
  /** Selectors that waited for DNS and are there now. */
  readonly seen: readonly string[]
}

/** Whether a domain counts as verified without DNS: in development, names that can exist nowhere else (RFC 6761 §6.2). */
export function isTrusted(name: string, settings: { readonly trustTestDomains: boolean }): boolean {
  return settings.trustTestDomains && name.endsWith('.test')
}

/** The checks of a domain that needs none. */
export function trust(expected: readonly ExpectedRecord[]): RecordCheck[] {
  return expected.map((record) => ({
    purpose: record.purpose,
    ...(record.selector === undefined ? {} : { selector: record.selector }),
    state: 'ok',
    found: [],
    advice: 'Not looked up: *.test domains are trusted in development.',
  }))
}

/** One check of a domain in two steps: `look` asks DNS, outside of any transaction; `store` writes what it means. */
export function createDomainCheck(deps: {
  readonly resolver: Pick<DnsResolver, 'txt' | 'cname'>
  readonly settings: { readonly delegationZone: string | null; readonly trustTestDomains: boolean }
  readonly clock?: () => number
}) {
  const clock = deps.clock ?? Date.now

  return {
    async look(domain: DomainRecord): Promise<CheckOutcome> {
      const expected = expectedRecords(domain, domain.selectors, deps.settings.delegationZone)
      const checks = isTrusted(domain.name, deps.settings)
        ? trust(expected)
        : await checkRecords(expected, deps.resolver)
      const before = { state: domain.state, failingSince: domain.failing_since }
      // A key that is seen now takes its place at once; the one before it is wanted no more.
      const seen = seenPending(domain.selectors, checks)
      const wanted = expectedRecords(domain, promoted(domain.selectors, seen), deps.settings.delegationZone)
      return {
        domain,
        before: domain.state,
        checks,
        seen,
        after: afterCheck(before, wanted, checks, new Date(clock())),
      }
    },

    /** Null where the domain was deleted meanwhile; otherwise the selectors that took their places. */
    async store(
      db: TenantDatabase,
      workspaceId: string,
      outcome: CheckOutcome,
    ): Promise<readonly string[] | null> {
      const { domain, after, checks, seen } = outcome
      const expected = expectedRecords(domain, domain.selectors, deps.settings.delegationZone)
      const verdicts = domain.selectors.map(({ selector, role }) => {
        const record = expected.find((item) => item.selector === selector)
        const found = record === undefined ? undefined : checkOf(record, checks)
        const isGone =
          role === 'removable' && (found?.state === 'missing' || isTrusted(domain.name, deps.settings))
        return { selector, verdict: publishedAfter(after, found), isGone }
      })
      const waiting = domain.selectors.filter(
        (item) => item.role === 'pending' && !seen.includes(item.selector),
      )
      const waitingMs =
        waiting.length === 0 ? null : clock() - Math.max(...waiting.map((item) => item.createdAt.getTime()))
      const isStored = await storeCheck(db, workspaceId, domain.id, {
        state: after.state,
        failingSince: after.failingSince,
        checks,
        nextCheckInMs: nextCheckInMs(after, clock() - domain.created_at.getTime(), Math.random(), waitingMs),
        published: verdicts.filter((item) => item.verdict === true).map((item) => item.selector),
        unpublished: verdicts.filter((item) => item.verdict === false).map((item) => item.selector),
      })
      if (!isStored) return null
      await forgetSelectors(
        db,
        workspaceId,
        domain.id,
        verdicts.filter((item) => item.isGone).map((item) => item.selector),
      )
      return promoteSelectors(db, workspaceId, domain.id, seen, RETIRE_MS)
    },
  }
}
