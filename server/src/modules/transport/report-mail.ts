import type { ReportFacts, TlsReport } from './report.ts'

/** What a report is called as a file: submitter, domain, begin and end in seconds (RFC 8460 §5.1). */
export function reportFilename({ submitter, domain, day }: ReportFacts): string {
  const beginS = Date.parse(`${day}T00:00:00Z`) / 1_000
  return `${submitter}!${domain}!${beginS}!${beginS + 86_399}.json.gz`
}

/**
 * The mail that carries a report (RFC 8460 §5.3), CRLF lines, all ASCII. `TLS-Required: No` (RFC 8689 §5): what it tells of may be the
 * reason why it would not arrive.
 */
export function writeReportMail(mail: {
  readonly from: string
  readonly to: string
  readonly facts: ReportFacts
  readonly report: TlsReport
  readonly gzip: Buffer
}): Buffer {
  const { facts, report } = mail
  // Made of the report's id, so that the same report is the same mail; it cannot be in base64, nor in the text below.
  const boundary = `=_${Buffer.from(report.id).toString('hex').slice(0, 60)}`
  const filename = reportFilename(facts)
  const lines = [
    `From: ${mail.from}`,
    `To: <${mail.to}>`,
    `Subject: Report Domain: ${facts.domain}`,
    ` Submitter: ${facts.submitter}`,
    ` Report-ID: <${report.id}>`,
    `TLS-Report-Domain: ${facts.domain}`,
    `TLS-Report-Submitter: ${facts.submitter}`,
    'TLS-Required: No',
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type="tlsrpt";',
    ` boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset=us-ascii',
    'Content-Transfer-Encoding: 7bit',
    '',
    `This is a report of TLS sessions with the mail servers of ${facts.domain},`,
    `of ${facts.day} (UTC), by ${facts.submitter}: ${report.successes} without a failure,`,
    `${report.failures} with one. The report itself is attached (RFC 8460).`,
    '',
    `--${boundary}`,
    'Content-Type: application/tlsrpt+gzip',
    'Content-Transfer-Encoding: base64',
    'Content-Disposition: attachment;',
    ` filename="${filename}"`,
    '',
    ...(mail.gzip.toString('base64').match(/.{1,76}/g) ?? []),
    `--${boundary}--`,
    '',
  ]
  return Buffer.from(lines.join('\r\n'), 'latin1')
}
