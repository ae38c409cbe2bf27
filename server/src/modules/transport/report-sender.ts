import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { parseMailbox } from '../../kernel/email-address.ts'
import { Fault } from '../../kernel/faults.ts'
import { INSTALLATION_WORKSPACE } from '../../kernel/installation.ts'
import type { DnsResolver } from '../../platform/dns/index.ts'
import { EgressError } from '../../platform/egress/index.ts'
import type { Egress } from '../../platform/egress/index.ts'
import { runLoop } from '../../platform/loop/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import type { Messages } from '../messages/index.ts'
import type { SystemMail } from '../system-mail/index.ts'
import { readReportEndpoints } from './report-endpoints.ts'
import type { ReportEndpoint } from './report-endpoints.ts'
import { writeReportMail } from './report-mail.ts'
import type { ClaimedReport, ReportEnd, ReportStore } from './report-store.ts'
import { writeReport } from './report.ts'
import type { ReportFacts, TlsReport } from './report.ts'

export interface ReportSender {
  /** Sends what is due; answers how many reports were taken up. */
  sendDue(): Promise<number>
  /** Sends until the signal aborts; in any number of processes. */
  run(signal: AbortSignal): Promise<void>
}

export interface ReportSenderDeps {
  readonly store: ReportStore
  readonly resolver: Pick<DnsResolver, 'txt'>
  readonly egress: Pick<Egress, 'call'>
  readonly messages: Pick<Messages, 'sendMime'>
  readonly systemMail: Pick<SystemMail, 'ensureDomain'>
  /** BULKHEAD_SYSTEM_FROM; null: reports go out over https alone. */
  readonly from: string | null
  /** Who reports, where there is no `from`. */
  readonly hostname: string
  readonly log: Logger
}

const EVERY_MS = 60_000
const AT_ONCE = 5
/** More than five reports with four endpoints can take. */
const LEASE_SECONDS = 1_800
const POST_MS = 60_000
/** About a day of tries in all (RFC 8460 §3). */
const RETRY_SECONDS = [300, 900, 3_600, 7_200, 14_400, 21_600, 28_800] as const

/** Sends the daily TLS reports: see the slice's door for what holds. */
export function createReportSender(deps: ReportSenderDeps): ReportSender {
  const parsed = deps.from === null ? null : parseMailbox(deps.from)
  const address = parsed?.ok === true ? parsed.address : null
  const submitter = address?.domain ?? deps.hostname
  const contact = address?.email ?? `postmaster@${deps.hostname}`

  async function send(claimed: ClaimedReport): Promise<ReportEnd> {
    const before = { endpoints: claimed.endpoints, successes: null, failures: null, report: null }
    const txt = await deps.resolver.txt(`_smtp._tls.${claimed.domain}`)
    if (txt.kind === 'failed')
      return { ...later(claimed), ...before, error: `DNS did not answer (${txt.code}).` }
    const endpoints = txt.kind === 'found' ? readReportEndpoints(txt.records) : []
    if (endpoints.length === 0) return { ...before, state: 'unwanted', pauseSeconds: 0, error: null }
    const facts = { submitter, contact, domain: claimed.domain, day: claimed.day }
    const report = writeReport(facts, await deps.store.results(claimed.domain, claimed.day))
    const done = new Set(claimed.endpoints)
    const errors: string[] = []
    for (const endpoint of endpoints) {
      if (done.has(endpoint.uri)) continue
      const error = await deliver(endpoint, facts, report)
      if (error === null) done.add(endpoint.uri)
      else errors.push(error)
    }
    const { successes, failures } = report
    const end = { endpoints: [...done], successes, failures, report: report.document }
    if (errors.length === 0) return { ...end, state: 'sent', pauseSeconds: 0, error: null }
    return { ...end, ...later(claimed), error: errors.join(' ') }
  }

  /** Null where it went, or why it did not. */
  async function deliver(
    endpoint: ReportEndpoint,
    facts: ReportFacts,
    report: TlsReport,
  ): Promise<string | null> {
    const gzip = gzipSync(JSON.stringify(report.document))
    try {
      switch (endpoint.kind) {
        case 'https':
          return await post(endpoint.uri, gzip)
        case 'mailto':
          return await mail(endpoint.address, facts, report, gzip)
      }
    } catch (error) {
      if (error instanceof EgressError) return error.message
      if (error instanceof Fault) return error.detail ?? 'The mail was not accepted.'
      throw error
    }
  }

  async function post(url: string, gzip: Buffer): Promise<string | null> {
    const { status } = await deps.egress.call({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/tlsrpt+gzip', 'user-agent': 'bulkhead' },
      body: gzip,
      timeoutMs: POST_MS,
      answerBytesMax: 65_536,
    })
    return status >= 200 && status < 300 ? null : `The endpoint answered ${status}.`
  }

  async function mail(
    to: string,
    facts: ReportFacts,
    report: TlsReport,
    gzip: Buffer,
  ): Promise<string | null> {
    if (deps.from === null || address === null)
      return 'BULKHEAD_SYSTEM_FROM is unset: reports are not sent by mail.'
    await deps.systemMail.ensureDomain()
    const key = `tls-report ${report.id} ${to}`
    await deps.messages.sendMime({
      workspaceId: INSTALLATION_WORKSPACE,
      actor: 'system:tls-reports',
      // A process that died after this and before it could say so sends it again, and it is the same mail.
      idempotencyKey: createHash('sha256').update(key).digest('hex'),
      bodyHash: createHash('sha256').update(key).digest(),
      source: 'mime',
      raw: writeReportMail({ from: deps.from, to, facts, report, gzip }),
      envelopeFrom: undefined,
      envelopeRecipients: [to],
      controls: { lane: 'bulk', tags: ['system', 'tls-report'] },
      traceFields: () => [],
    })
    return null
  }

  async function sendDue(): Promise<number> {
    const due = await deps.store.claim(AT_ONCE, LEASE_SECONDS)
    for (const claimed of due) {
      const end = await send(claimed)
      if (end.error !== null)
        deps.log.warn(
          { domain: claimed.domain, day: claimed.day, state: end.state, reason: end.error },
          'A TLS report could not be sent',
        )
      await deps.store.settle(claimed, end)
    }
    return due.length
  }

  return {
    sendDue,
    run: (signal) =>
      runLoop({
        name: 'TLS reports',
        everyMs: EVERY_MS,
        log: deps.log,
        signal,
        round: async () => ((await sendDue()) > 0 ? 0 : undefined),
      }),
  }
}

function later({ attempts }: ClaimedReport): Pick<ReportEnd, 'state' | 'pauseSeconds'> {
  const pauseSeconds = RETRY_SECONDS[attempts - 1]
  return pauseSeconds === undefined ? { state: 'failed', pauseSeconds: 0 } : { state: 'due', pauseSeconds }
}
