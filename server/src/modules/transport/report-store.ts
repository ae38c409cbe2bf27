import type { Queryable } from '../../platform/postgres/index.ts'
import type { ResultRow } from './report.ts'
import type { TlsPolicyType } from './verdict.ts'

/** A report that this process is to send. */
export interface ClaimedReport {
  readonly domain: string
  readonly day: string
  readonly attempts: number
  /** Where it went in earlier tries. */
  readonly endpoints: readonly string[]
}

export interface ReportEnd {
  readonly state: 'due' | 'sent' | 'unwanted' | 'failed'
  readonly pauseSeconds: number
  readonly endpoints: readonly string[]
  readonly successes: number | null
  readonly failures: number | null
  readonly report: Readonly<Record<string, unknown>> | null
  readonly error: string | null
}

/** Reports to others, each given to one process at a time. */
export interface ReportStore {
  claim(limit: number, leaseSeconds: number): Promise<ClaimedReport[]>
  /** At most 1,000. */
  results(domain: string, day: string): Promise<ResultRow[]>
  /** False where another process has it by now. */
  settle(claimed: ClaimedReport, end: ReportEnd): Promise<boolean>
}

interface StoredResult extends Record<string, unknown> {
  policy_type: TlsPolicyType
  policy_strings: string[]
  mx_patterns: string[]
  result: string
  mx_host: string | null
  receiver: string | null
  source: string | null
  sessions: string
}

export function createReportStore(pool: Queryable): ReportStore {
  return {
    async claim(limit, leaseSeconds) {
      const { rows } = await pool.query<ClaimedReport & Record<string, unknown>>(
        'select domain, day, attempts, endpoints from engine.claim_tls_reports($1, $2)',
        [limit, leaseSeconds],
      )
      return rows
    },
    async results(domain, day) {
      const { rows } = await pool.query<StoredResult>(
        `select policy_type, policy_strings, mx_patterns, result, mx_host, receiver, source, sessions
         from engine.tls_results($1, $2)`,
        [domain, day],
      )
      return rows.map((row) => ({
        policyType: row.policy_type,
        policyStrings: row.policy_strings,
        mxPatterns: row.mx_patterns,
        result: row.result,
        mxHost: row.mx_host,
        receiver: row.receiver,
        source: row.source,
        sessions: Number(row.sessions),
      }))
    },
    async settle(claimed, end) {
      const { rows } = await pool.query<{ settled: boolean }>(
        'select engine.settle_tls_report($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) as settled',
        [
          claimed.domain,
          claimed.day,
          claimed.attempts,
          end.state,
          end.pauseSeconds,
          end.endpoints,
          end.successes,
          end.failures,
          end.report === null ? null : JSON.stringify(end.report),
          end.error,
        ],
      )
      return rows[0]?.settled === true
    },
  }
}
