import type { DnsResolver } from '../../platform/dns/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { DomainState, RecordCheck } from './domain.ts'
import { storeCheck } from './domains-store.ts'
import type { DomainRecord } from './domains-store.ts'
import { checkRecords } from './judge.ts'
import { expectedRecords } from './records.ts'
import type { ExpectedRecord } from './records.ts'
import { afterCheck, nextCheckInMs, publishedAfter } from './transitions.ts'
import type { Standing } from './transitions.ts'

interface CheckOutcome {
  readonly domain: DomainRecord
  readonly before: DomainState
  readonly after: Standing
  readonly checks: readonly RecordCheck[]
}

/** Whether a domain counts as verified without DNS: in development, names that can exist nowhere else (RFC 6761 §6.2). */
export function isTrusted(name: string, settings: { readonly trustTestDomains: boolean }): boolean {
  return settings.trustTestDomains && name.endsWith('.test')
}

/** The checks of a domain that needs none. */
export function trust(expected: readonly ExpectedRecord[]): RecordCheck[] {
  return expected.map((record) => ({
    purpose: record.purpose,
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
      return {
        domain,
        before: domain.state,
        checks,
        after: afterCheck(before, expected, checks, new Date(clock())),
      }
    },

    /** False where the domain was deleted meanwhile. */
    store(db: TenantDatabase, workspaceId: string, outcome: CheckOutcome): Promise<boolean> {
      const { domain, after, checks } = outcome
      const expected = expectedRecords(domain, domain.selectors, deps.settings.delegationZone)
      const verdicts = domain.selectors.map((selector) => {
        const record = expected.find((item) => item.publicKey === selector.publicKey)
        const verdict = publishedAfter(
          after,
          checks.find((check) => check.purpose === record?.purpose),
        )
        return { selector: selector.selector, verdict }
      })
      return storeCheck(db, workspaceId, domain.id, {
        state: after.state,
        failingSince: after.failingSince,
        checks,
        nextCheckInMs: nextCheckInMs(after, clock() - domain.created_at.getTime(), Math.random()),
        published: verdicts.filter((item) => item.verdict === true).map((item) => item.selector),
        unpublished: verdicts.filter((item) => item.verdict === false).map((item) => item.selector),
      })
    },
  }
}
