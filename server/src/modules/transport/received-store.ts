import type { Queryable } from '../../platform/postgres/index.ts'
import type { ReceivedReport, ReportedPolicy } from './received-report.ts'

export interface ReceivedStore {
  /** `known`: it came before. `foreign`: no domain of ours. `full`: 200 a day are enough for a domain. */
  save(
    id: string,
    domain: string,
    report: ReceivedReport,
    policies: readonly ReportedPolicy[],
  ): Promise<'stored' | 'known' | 'foreign' | 'full'>
}

/** `ownDomains`: of the installation itself, beside those that workspaces have proven. */
export function createReceivedStore(pool: Queryable, ownDomains: readonly string[]): ReceivedStore {
  return {
    async save(id, domain, report, policies) {
      const total = (of: (policy: ReportedPolicy) => number) =>
        Math.min(
          Number.MAX_SAFE_INTEGER,
          policies.reduce((sum, policy) => sum + of(policy), 0),
        )
      const { rows } = await pool.query<{ end: 'stored' | 'known' | 'foreign' | 'full' }>(
        'select engine.save_tls_report($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) as end',
        [
          id,
          domain,
          ownDomains,
          report.organisation,
          report.reportId,
          report.beginsAt,
          report.endsAt,
          total((policy) => policy.successes),
          total((policy) => policy.failures),
          JSON.stringify(policies),
        ],
      )
      return rows[0]?.end ?? 'foreign'
    },
  }
}
