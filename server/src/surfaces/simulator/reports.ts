import type { Script } from './scripts.ts'

/** What comes back: CRLF lines, ASCII. `original` is the header block of what was sent, with its last line's end. */
export function writeBack(facts: {
  readonly kind: NonNullable<Script['later']>
  readonly hostname: string
  readonly from: string
  readonly to: string
  readonly recipient: string
  readonly original: string
  readonly id: string
  readonly now: Date
}): Buffer {
  const { kind, hostname, recipient, original, id } = facts
  const boundary = `=_${id}`
  const head = [
    `From: ${facts.from}`,
    `To: <${facts.to}>`,
    `Date: ${facts.now.toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${id}@${hostname}>`,
    'MIME-Version: 1.0',
    'Auto-Submitted: auto-replied',
  ]
  const part = (type: string, ...lines: readonly string[]): string[] => [
    `--${boundary}`,
    `Content-Type: ${type}`,
    '',
    ...lines,
  ]
  const headers = original.replace(/(?:\r\n)+$/, '').split('\r\n')
  switch (kind) {
    case 'bounce':
      return lines([
        ...head,
        'Subject: Undelivered Mail Returned to Sender',
        `Content-Type: multipart/report; report-type=delivery-status; boundary="${boundary}"`,
        '',
        ...part('text/plain; charset=us-ascii', 'The mailbox of this recipient does not exist any more.'),
        ...part(
          'message/delivery-status',
          `Reporting-MTA: dns; ${hostname}`,
          '',
          `Final-Recipient: rfc822; ${recipient}`,
          'Action: failed',
          'Status: 5.1.1',
          'Diagnostic-Code: smtp; 550 5.1.1 User unknown in virtual mailbox table',
        ),
        ...part('text/rfc822-headers', ...headers),
        `--${boundary}--`,
      ])
    case 'complaint':
      return lines([
        ...head,
        'Subject: Complaint about a message',
        `Content-Type: multipart/report; report-type=feedback-report; boundary="${boundary}"`,
        '',
        ...part('text/plain; charset=us-ascii', 'A recipient reported this message as spam.'),
        ...part(
          'message/feedback-report',
          'Feedback-Type: abuse',
          'User-Agent: Bulkhead-Simulator/1',
          'Version: 1',
          `Original-Mail-From: <${facts.to}>`,
          `Original-Rcpt-To: <${recipient}>`,
          `Reporting-MTA: dns; ${hostname}`,
        ),
        ...part('message/rfc822', ...headers, '', 'The text is not returned.'),
        `--${boundary}--`,
      ])
    case 'absence':
      return lines([
        ...head,
        'Subject: Out of office',
        'Content-Type: text/plain; charset=us-ascii',
        '',
        'I am away until Monday.',
      ])
  }
}

function lines(all: readonly string[]): Buffer {
  return Buffer.from(`${all.join('\r\n')}\r\n`, 'latin1')
}
