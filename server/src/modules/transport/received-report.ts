import { gunzipSync } from 'node:zlib'
import PostalMime from 'postal-mime'
import { z } from 'zod'
import { canonicalName } from '../../platform/dns/index.ts'

/** What somebody reports of one policy of a domain. Bounded in every part; its truth is his own affair. */
export interface ReportedPolicy {
  readonly policyType: string
  readonly policyStrings: readonly string[]
  readonly mxHosts: readonly string[]
  readonly successes: number
  readonly failures: number
  readonly details: readonly {
    readonly result: string
    readonly sessions: number
    readonly sendingIp: string | null
    readonly mxHost: string | null
    readonly receivingIp: string | null
    readonly reason: string | null
  }[]
}

export interface ReceivedReport {
  readonly organisation: string
  readonly reportId: string
  readonly beginsAt: Date
  readonly endsAt: Date
  /** By the domain that is reported about; at most 20 domains with 50 policies in all. */
  readonly domains: ReadonlyMap<string, readonly ReportedPolicy[]>
}

const RAW_BYTES_MAX = 2 * 1_048_576
/** What a report may have unpacked: ten times the largest seen in practice. A gzip bomb ends here, after a few milliseconds. */
const JSON_BYTES_MAX = 4 * 1_048_576
const NESTING_MAX = 8
const HEADER_BYTES_MAX = 65_536
const POLICIES_MAX = 50
const DOMAINS_MAX = 20
/** In the whole report. */
const DETAILS_MAX = 500
const STRINGS_MAX = 20

/** Text of a stranger: cut, and without characters that act on a terminal or a page. */
const text = (length: number) =>
  z.string().transform((value) => value.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ').slice(0, length))
const optional = (length: number) =>
  z
    .unknown()
    .optional()
    .transform((value) => (typeof value === 'string' ? text(length).parse(value) : null))
const number = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
/** Some write one string where the RFC has a list. */
const strings = z
  .union([z.array(z.unknown()), z.string().transform((one): unknown[] => [one])])
  .optional()
  .transform((list) =>
    (list ?? [])
      .filter((one) => typeof one === 'string')
      .slice(0, STRINGS_MAX)
      .map((one) => text(300).parse(one)),
  )

const Report = z.object({
  'organization-name': text(200).pipe(z.string().min(1)),
  'report-id': text(300).pipe(z.string().min(1)),
  'date-range': z.object({
    'start-datetime': z.iso.datetime({ offset: true }),
    'end-datetime': z.iso.datetime({ offset: true }),
  }),
  policies: z
    .array(
      z.object({
        policy: z.object({
          'policy-type': text(40),
          'policy-string': strings,
          'policy-domain': z.string().max(1_000),
          'mx-host': strings,
        }),
        summary: z.object({
          'total-successful-session-count': number,
          'total-failure-session-count': number,
        }),
        'failure-details': z
          .array(
            z.object({
              'result-type': text(60),
              'sending-mta-ip': optional(60),
              'receiving-mx-hostname': optional(255),
              'receiving-ip': optional(60),
              'failed-session-count': number.optional(),
              'failure-reason-code': optional(300),
            }),
          )
          .max(10_000)
          .nullish(),
      }),
    )
    .min(1)
    .max(POLICIES_MAX),
})

export type ReadReport =
  | { readonly ok: true; readonly report: ReceivedReport }
  | { readonly ok: false; readonly problem: string }

/**
 * Reads a TLS report out of a mail (RFC 8460 §5.3). Everything in it comes from strangers: sizes, nesting, unpacked sizes and numbers
 * are bounded, text is cut and cleaned, days far off are refused. Never throws.
 */
export async function readReportMail(raw: Buffer, nowMs: number): Promise<ReadReport> {
  if (raw.length > RAW_BYTES_MAX) return refused(`The mail is longer than ${RAW_BYTES_MAX} bytes.`)
  let attachment: { readonly type: string; readonly content: Buffer } | undefined
  try {
    const mail = await PostalMime.parse(raw, {
      maxNestingDepth: NESTING_MAX,
      maxHeadersSize: HEADER_BYTES_MAX,
    })
    attachment = mail.attachments
      .map(({ mimeType, filename, content }) => ({
        type: typeOf(mimeType, filename ?? ''),
        content: typeof content === 'string' ? Buffer.from(content) : Buffer.from(new Uint8Array(content)),
      }))
      .find(({ type }) => type !== 'other')
  } catch {
    return refused('The mail cannot be read.')
  }
  if (attachment === undefined) return refused('The mail holds no report.')
  return readReport(attachment.content, attachment.type === 'gzip', nowMs)
}

/** Reads a report as JSON, packed or not. Never throws. */
export function readReport(content: Buffer, packed: boolean, nowMs: number): ReadReport {
  if (content.length > JSON_BYTES_MAX) return refused('The report is too large.')
  let value: unknown
  try {
    const json = packed ? gunzipSync(content, { maxOutputLength: JSON_BYTES_MAX }) : content
    value = JSON.parse(json.toString('utf8'))
  } catch (error) {
    const tooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    return refused(tooLarge ? 'The report is too large.' : 'The report is no JSON.')
  }
  const parsed = Report.safeParse(value)
  if (!parsed.success) return refused('The report is not as RFC 8460 has it.')
  const report = parsed.data
  const beginsAt = new Date(report['date-range']['start-datetime'])
  const endsAt = new Date(report['date-range']['end-datetime'])
  if (
    !(beginsAt < endsAt) ||
    endsAt.getTime() > nowMs + 2 * DAY_MS ||
    beginsAt.getTime() < nowMs - 60 * DAY_MS
  )
    return refused('The report is about another time.')
  const domains = new Map<string, ReportedPolicy[]>()
  const detailsEach = Math.floor(DETAILS_MAX / report.policies.length)
  for (const entry of report.policies) {
    const domain = canonicalName(entry.policy['policy-domain'])
    if (domain === null) return refused('The report names a domain that is none.')
    domains.set(domain, [...(domains.get(domain) ?? []), policyOf(entry, detailsEach)])
  }
  if (domains.size > DOMAINS_MAX) return refused(`The report is about more than ${DOMAINS_MAX} domains.`)
  return {
    ok: true,
    report: {
      organisation: report['organization-name'],
      reportId: report['report-id'],
      beginsAt,
      endsAt,
      domains,
    },
  }
}

const DAY_MS = 86_400_000

function policyOf(entry: z.output<typeof Report>['policies'][number], details: number): ReportedPolicy {
  return {
    policyType: entry.policy['policy-type'],
    policyStrings: entry.policy['policy-string'],
    mxHosts: entry.policy['mx-host'],
    successes: entry.summary['total-successful-session-count'],
    failures: entry.summary['total-failure-session-count'],
    details: (entry['failure-details'] ?? []).slice(0, details).map((detail) => ({
      result: detail['result-type'],
      sessions: detail['failed-session-count'] ?? 0,
      sendingIp: detail['sending-mta-ip'],
      mxHost: detail['receiving-mx-hostname'],
      receivingIp: detail['receiving-ip'],
      reason: detail['failure-reason-code'],
    })),
  }
}

function typeOf(mimeType: string, filename: string): 'gzip' | 'json' | 'other' {
  const type = mimeType.toLowerCase()
  if (type === 'application/tlsrpt+gzip') return 'gzip'
  if (type === 'application/tlsrpt+json') return 'json'
  if (/\.json\.gz$/i.test(filename)) return 'gzip'
  return /\.json$/i.test(filename) ? 'json' : 'other'
}

function refused(problem: string): ReadReport {
  return { ok: false, problem }
}
