import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { ReportedPolicy } from './received-report.ts'

export interface ReceivedRow {
  readonly id: string
  readonly domain: string
  readonly organisation: string
  readonly report_id: string
  readonly begins_at: Date
  readonly ends_at: Date
  readonly successes: string
  readonly failures: string
  readonly policies: readonly ReportedPolicy[]
  readonly received_at: Date
}

/** About domains that the workspace of the transaction has proven, and about `own`. */
export function selectReceived(
  db: TenantDatabase,
  query: {
    readonly own: readonly string[]
    readonly domain: string | null
    readonly before: string | null
    readonly limit: number
  },
): Promise<ReceivedRow[]> {
  return db.query<ReceivedRow>(
    `select id, domain, organisation, report_id, begins_at, ends_at, successes, failures, policies, received_at
     from engine.list_tls_received($1, $2, $3, $4)`,
    [query.own, query.domain, query.before, query.limit],
  )
}

export interface SentRow {
  readonly domain: string
  readonly day: string
  readonly state: 'sent' | 'failed'
  readonly settled_at: Date
  readonly endpoints: readonly string[]
  readonly successes: string | null
  readonly failures: string | null
  readonly error: string | null
}

/** Behind a row: when it was settled, and its domain and day. */
export function selectSent(
  db: TenantDatabase,
  before: { readonly at: Date; readonly what: string },
  limit: number,
): Promise<SentRow[]> {
  return db.query<SentRow>(
    `select domain, day, state, settled_at, endpoints, successes, failures, error from engine.list_tls_sent($1, $2, $3)`,
    [before.at, before.what, limit],
  )
}

export interface PolicyView {
  readonly domain: string
  readonly mode: 'enforce' | 'testing' | 'none'
  readonly mx: readonly string[]
  readonly fetched_at: Date
  readonly expires_at: Date
  readonly failed_at: Date | null
  readonly problem: string | null
}

export function selectPolicies(db: TenantDatabase, after: string, limit: number): Promise<PolicyView[]> {
  return db.query<PolicyView>(
    `select domain, mode, mx, fetched_at, expires_at, failed_at, problem from engine.list_sts_policies($1, $2)`,
    [after, limit],
  )
}

export interface ShareRow {
  readonly policy: 'dane' | 'sts' | 'none'
  readonly destinations: string
  readonly domains: string
  readonly sessions: string
  readonly failures: string
}

/** Always three rows: one for each way of protection. */
export function selectShares(db: TenantDatabase): Promise<ShareRow[]> {
  return db.query<ShareRow>(
    'select policy, destinations, domains, sessions, failures from engine.tls_shares()',
    [],
  )
}

export interface ProblemRow {
  readonly domain: string
  readonly policy: 'dane' | 'sts' | 'none'
  readonly result: string
  readonly mx_host: string | null
  readonly sessions: string
  readonly last_day: string
}

/** Of today and yesterday, the most first. */
export function selectProblems(db: TenantDatabase, limit: number): Promise<ProblemRow[]> {
  return db.query<ProblemRow>(
    'select domain, policy, result, mx_host, sessions, last_day from engine.tls_problems($1)',
    [limit],
  )
}
