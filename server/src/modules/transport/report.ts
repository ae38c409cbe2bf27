import type { TlsPolicyType } from './verdict.ts'

/** Sessions that were alike, as they were counted. */
export interface ResultRow {
  readonly policyType: TlsPolicyType
  readonly policyStrings: readonly string[]
  readonly mxPatterns: readonly string[]
  readonly result: string
  readonly mxHost: string | null
  readonly receiver: string | null
  readonly source: string | null
  readonly sessions: number
}

export interface ReportFacts {
  /** The organisation that reports, and where it can be asked. */
  readonly submitter: string
  readonly contact: string
  /** Of the recipients. */
  readonly domain: string
  /** `2026-11-22`, of UTC. */
  readonly day: string
}

/** A day's report as RFC 8460 §4.4 writes it, and its sums. */
export interface TlsReport {
  readonly id: string
  readonly successes: number
  readonly failures: number
  readonly document: Readonly<Record<string, unknown>>
}

/** Writes the report of a day: one entry for each policy that sessions were under. The id is the same whenever it is written. */
export function writeReport(facts: ReportFacts, rows: readonly ResultRow[]): TlsReport {
  const id = `${facts.day}.${facts.domain}@${facts.submitter}`
  const policies = [
    ...Map.groupBy(rows, (row) =>
      JSON.stringify([row.policyType, row.policyStrings, row.mxPatterns]),
    ).values(),
  ]
  return {
    id,
    successes: sum(rows.filter(isSuccess)),
    failures: sum(rows.filter((row) => !isSuccess(row))),
    document: {
      'organization-name': facts.submitter,
      'date-range': {
        'start-datetime': `${facts.day}T00:00:00Z`,
        'end-datetime': `${facts.day}T23:59:59Z`,
      },
      'contact-info': facts.contact,
      'report-id': id,
      policies: policies.map((same) => policyEntry(facts.domain, same)),
    },
  }
}

function policyEntry(domain: string, rows: readonly ResultRow[]): Record<string, unknown> {
  const [first] = rows
  const failures = rows.filter((row) => !isSuccess(row))
  return {
    policy: {
      'policy-type': first?.policyType,
      ...(first === undefined || first.policyStrings.length === 0
        ? {}
        : { 'policy-string': first.policyStrings }),
      'policy-domain': domain,
      ...(first === undefined || first.mxPatterns.length === 0 ? {} : { 'mx-host': first.mxPatterns }),
    },
    summary: {
      'total-successful-session-count': sum(rows.filter(isSuccess)),
      'total-failure-session-count': sum(failures),
    },
    ...(failures.length === 0
      ? {}
      : {
          'failure-details': failures.map((row) => ({
            'result-type': row.result,
            ...(row.source === null ? {} : { 'sending-mta-ip': row.source }),
            ...(row.mxHost === null ? {} : { 'receiving-mx-hostname': row.mxHost }),
            ...(row.receiver === null ? {} : { 'receiving-ip': row.receiver }),
            'failed-session-count': row.sessions,
          })),
        }),
  }
}

function isSuccess(row: ResultRow): boolean {
  return row.result === 'success'
}

function sum(rows: readonly ResultRow[]): number {
  return rows.reduce((total, row) => total + row.sessions, 0)
}
