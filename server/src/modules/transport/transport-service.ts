import type { z } from 'zod'
import { INSTALLATION_WORKSPACE } from '../../kernel/installation.ts'
import type { SecureResolver } from '../../platform/dns/index.ts'
import { idCursor, idOfCursor, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { TenantTransactions } from '../../platform/postgres/tenant.ts'
import { sentOfCursor, nameOfCursor, textCursor } from './transport-cursors.ts'
import {
  selectPolicies,
  selectProblems,
  selectReceived,
  selectSent,
  selectShares,
} from './transport-view-store.ts'
import type { ReceivedRow } from './transport-view-store.ts'
import type { ReceivedTlsReport, SentTlsReport, TransportState } from './transport-views.ts'

interface PageRequest {
  readonly limit: number
  readonly cursor?: string | undefined
}
interface Page<Item> {
  readonly data: Item[]
  readonly nextCursor: string | null
}

export interface Transport {
  /** Reports about domains that the workspace has proven. */
  received(
    reader: Pick<OperationContext<unknown>, 'read'>,
    request: PageRequest & { readonly domain?: string | undefined },
  ): Promise<Page<z.output<typeof ReceivedTlsReport>>>
  /** Reports about the installation's own domains. */
  receivedByInstallation(request: PageRequest): Promise<Page<z.output<typeof ReceivedTlsReport>>>
  sent(request: PageRequest): Promise<Page<z.output<typeof SentTlsReport>>>
  /** Whether DANE is on, and the MTA-STS policies that are known. Asks the validating resolver. */
  state(request: PageRequest): Promise<z.output<typeof TransportState>>
  /** Whether DANE is on. Asks the validating resolver. */
  dane(): Promise<z.output<typeof TransportState>['dane']>
}

/** What operators and workspaces see of transport security. */
export function createTransport(deps: {
  readonly transactions: TenantTransactions
  /** BULKHEAD_DNSSEC_RESOLVER and a resolver that asks it; null: DANE is off. */
  readonly dnssec: { readonly name: string; readonly resolver: Pick<SecureResolver, 'ns'> } | null
  /** Of the installation itself. */
  readonly ownDomains: readonly string[]
  readonly reportsSent: boolean
}): Transport {
  const { transactions } = deps

  return {
    dane: daneState,

    async received(reader, { limit, cursor, domain }) {
      const before = idOfCursor(cursor)
      const rows = await reader.read((db) =>
        selectReceived(db, { own: [], domain: domain ?? null, before, limit: limit + 1 }),
      )
      return page(rows, limit, presentReceived, (row) => idCursor(row.id))
    },

    async receivedByInstallation({ limit, cursor }) {
      const before = idOfCursor(cursor)
      const rows = await transactions.read(INSTALLATION_WORKSPACE, (db) =>
        selectReceived(db, { own: deps.ownDomains, domain: null, before, limit: limit + 1 }),
      )
      return page(rows, limit, presentReceived, (row) => idCursor(row.id))
    },

    async sent({ limit, cursor }) {
      const before = sentOfCursor(cursor)
      const rows = await transactions.read(INSTALLATION_WORKSPACE, (db) => selectSent(db, before, limit + 1))
      return page(
        rows,
        limit,
        (row) => ({
          domain: row.domain,
          day: row.day,
          state: row.state,
          settledAt: row.settled_at.toISOString(),
          endpoints: [...row.endpoints],
          successes: row.successes === null ? null : Number(row.successes),
          failures: row.failures === null ? null : Number(row.failures),
          error: row.error,
        }),
        (row) => textCursor(`${row.settled_at.toISOString()} ${row.domain} ${row.day}`),
      )
    },

    async state({ limit, cursor }) {
      const after = nameOfCursor(cursor)
      const [{ rows, shares, problems }, dane] = await Promise.all([
        transactions.read(INSTALLATION_WORKSPACE, async (db) => ({
          rows: await selectPolicies(db, after, limit + 1),
          shares: await selectShares(db),
          problems: await selectProblems(db, PROBLEMS_SHOWN),
        })),
        daneState(),
      ])
      const policies = page(
        rows,
        limit,
        (row) => ({
          domain: row.domain,
          mode: row.mode,
          mx: [...row.mx],
          fetchedAt: row.fetched_at.toISOString(),
          expiresAt: row.expires_at.toISOString(),
          failedAt: row.failed_at?.toISOString() ?? null,
          problem: row.problem,
        }),
        (row) => textCursor(row.domain),
      )
      return {
        dane,
        shares: shares.map((row) => ({
          policy: row.policy,
          destinations: Number(row.destinations),
          domains: Number(row.domains),
          sessions: Number(row.sessions),
          failures: Number(row.failures),
        })),
        problems: problems.map((row) => ({
          domain: row.domain,
          policy: row.policy,
          result: row.result,
          mxHost: row.mx_host,
          sessions: Number(row.sessions),
          lastDay: row.last_day,
        })),
        reportsSent: deps.reportsSent,
        policies,
      }
    },
  }

  async function daneState(): Promise<z.output<typeof TransportState>['dane']> {
    if (deps.dnssec === null) return { state: 'off', resolver: null, advice: OFF }
    const { name: resolver } = deps.dnssec
    const answer = await deps.dnssec.resolver.ns()
    if (answer.kind === 'failed')
      return { state: 'unreachable', resolver, advice: `${UNREACHABLE} (${answer.code})` }
    return answer.secure
      ? { state: 'on', resolver, advice: null }
      : { state: 'not-validating', resolver, advice: NOT_VALIDATING }
  }
}

const PROBLEMS_SHOWN = 50

const OFF =
  'DANE is off: no server is verified by its TLSA records. Run a validating resolver such as unbound on this host and set BULKHEAD_DNSSEC_RESOLVER=127.0.0.1:53.'
const NOT_VALIDATING =
  'The resolver does not validate: its answer about the root zone, which is signed, carries no AD flag. Turn validation on (unbound: a trust anchor and the validator module).'
const UNREACHABLE =
  'The resolver does not answer, so mail to domains waits: what DNS does not say is never taken for insecure. Start it again, or unset BULKHEAD_DNSSEC_RESOLVER.'

function presentReceived(row: ReceivedRow): z.output<typeof ReceivedTlsReport> {
  return {
    domain: row.domain,
    organisation: row.organisation,
    reportId: row.report_id,
    beginsAt: row.begins_at.toISOString(),
    endsAt: row.ends_at.toISOString(),
    successes: Number(row.successes),
    failures: Number(row.failures),
    policies: row.policies.map((policy) => ({
      ...policy,
      policyStrings: [...policy.policyStrings],
      mxHosts: [...policy.mxHosts],
      details: [...policy.details],
    })),
    receivedAt: row.received_at.toISOString(),
  }
}
