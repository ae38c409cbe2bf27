import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { writeReturnPath } from '../../security/references/index.ts'
import { addressesOf } from './delivery-status.ts'
import { effectsOf } from './effects.ts'
import { readReport } from './read-report.ts'
import { withoutAddresses, type Report } from './report.ts'

const token = writeReturnPath(randomBytes(32), {
  messageId: '01930000-0000-7000-8000-000000000001',
  number: 1,
})

function read(text: string, how: { from?: string; complaints?: boolean } = {}): Report {
  const raw = Buffer.from(text.replaceAll(/\r?\n/g, '\r\n'))
  return readReport(raw, { envelopeFrom: how.from ?? '', complaints: how.complaints ?? false })
}

/** What a report says of recipients, in short. */
const said = (report: Report) =>
  report.kind === 'delivery'
    ? [
        report.format,
        ...report.recipients.map(
          (item) =>
            `${item.addresses.join('|')} ${item.action} ${item.classification?.class ?? '-'}${item.classification?.permanent === true ? '!' : ''}`,
        ),
      ]
    : [report.kind, report.format]

const mail = (subject: string, body: string, more = ''): string =>
  `From: Mail Delivery System <MAILER-DAEMON@there.example>\nTo: ${token}@rp.example\nSubject: ${subject}\n${more}\n${body}\n`

const dsn = (status: string, more = ''): string =>
  mail(
    'Delivery Status Notification',
    `--b\n\nwords\n--b\nContent-Type: message/delivery-status\n${more}\n${status}\n--b--`,
    'Content-Type: multipart/report; report-type=delivery-status; boundary=b\n',
  )

const arf = (report: string, original: string): string =>
  mail(
    'complaint',
    `--b\n\nwords\n--b\nContent-Type: message/feedback-report\n\n${report}\n--b\nContent-Type: text/rfc822-headers\n\n${original}\n--b--`,
    'Content-Type: multipart/report; report-type=feedback-report; boundary=b\n',
  )

// How programs write bounces that are no reports, with invented hosts and addresses.
const FREE: readonly (readonly [string, string, readonly string[]])[] = [
  [
    'qmail, two recipients',
    mail(
      'failure notice',
      `Hi. This is the qmail-send program at there.example.
I'm afraid I wasn't able to deliver your message to the following addresses.

<ann@there.example>:
Sorry, no mailbox here by that name. (#5.1.1)

<bob@there.example>:
The users mailfolder is over the allowed quota (size). (#5.2.2)

--- Below this line is a copy of the message.

Return-Path: <x@rp.example>
To: eve@there.example`,
    ),
    ['qmail', 'ann@there.example failed recipient!', 'bob@there.example failed mailbox!'],
  ],
  [
    'exim',
    mail(
      'Mail delivery failed: returning message to sender',
      `This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  ann@there.example
    SMTP error from remote mail server after RCPT TO:<ann@there.example>:
    host mx.there.example [192.0.2.1]: 550 5.1.1 No such user here

------ This is a copy of the message, including all the headers. ------

To: eve@there.example`,
      'X-Failed-Recipients: ann@there.example\n',
    ),
    ['exim', 'ann@there.example failed recipient!'],
  ],
  [
    'exim, names the recipient in the header only',
    mail(
      'Mail failure',
      'A message could not be delivered: mailbox is full.',
      'X-Failed-Recipients: ann@there.example\n',
    ),
    ['exim', 'ann@there.example failed mailbox!'],
  ],
  [
    'postfix of old days',
    mail(
      'Undelivered Mail Returned to Sender',
      `This is the Postfix program at host there.example.

I'm sorry to have to inform you that your message could not be delivered.

<ann@there.example>: host mx.there.example[192.0.2.1] said: 554 5.7.1
    Service unavailable; Client host [192.0.2.9] blocked using zen.spamhaus.org (in reply to RCPT TO command)`,
    ),
    ['postfix', 'ann@there.example failed reputation!'],
  ],
  [
    'sendmail',
    mail(
      'Returned mail: see transcript for details',
      `The original message was received at Sun, 22 Nov 2026 05:00:00 GMT

   ----- The following addresses had permanent fatal errors -----
<ann@there.example>
    (reason: 550 5.1.1 <ann@there.example>... User unknown)

   ----- Transcript of session follows -----
... while talking to mx.there.example.:
<<< 550 5.1.1 <ann@there.example>... User unknown`,
    ),
    ['sendmail', 'ann@there.example failed recipient!'],
  ],
  [
    'exchange',
    mail(
      'Undeliverable: Hello',
      `Delivery has failed to these recipients or groups:

ann@there.example
The email address you entered couldn't be found. Please check the recipient's email address and try to resend the message.

Diagnostic information for administrators:
Generating server: ex1.there.example
ann@there.example
#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##

Original message headers:
To: eve@there.example`,
    ),
    ['exchange', 'ann@there.example failed recipient!'],
  ],
  [
    'exchange in HTML alone',
    mail(
      'Undeliverable: Hello',
      `<html><body><p>Delivery has failed to these recipients or groups:</p><p><a href="mailto:ann@there.example">ann@there.example</a><br>The recipient's mailbox is full and can't accept messages now.</p></body></html>`,
      'Content-Type: text/html; charset=utf-8\n',
    ),
    ['exchange', 'ann@there.example failed mailbox!'],
  ],
  [
    'domino',
    mail(
      'DELIVERY FAILURE: User ann (ann@there.example) not listed in Domino Directory',
      `Your message

  Subject: Hello

was not delivered to:

  ann@there.example

because:

  User ann (ann@there.example) not listed in Domino Directory`,
    ),
    ['domino', 'ann@there.example failed recipient!'],
  ],
  [
    'gmail in words',
    mail(
      'Delivery Status Notification (Failure)',
      `Delivery to the following recipient failed permanently:

     ann@there.example

Technical details of permanent failure:
The error that the other server returned was: 550 5.1.1 The email account that you tried to reach does not exist.

----- Original message -----
To: eve@there.example`,
    ),
    ['gmail', 'ann@there.example failed recipient!'],
  ],
  [
    'german',
    mail(
      'Unzustellbar: Hallo',
      `Ihre Nachricht an ann@there.example konnte nicht zugestellt werden.\nDer Empfänger ist unbekannt.`,
    ),
    ['german', 'ann@there.example failed recipient!'],
  ],
  [
    'french',
    mail(
      'Message non remis',
      `Votre message n'a pas pu être remis au destinataire suivant :\n\nann@there.example\nLa boîte aux lettres du destinataire est pleine.`,
    ),
    ['french', 'ann@there.example failed mailbox!'],
  ],
  [
    'spanish',
    mail('Mensaje no entregado', 'El mensaje no se pudo entregar a ann@there.example: el usuario no existe.'),
    ['spanish', 'ann@there.example failed recipient!'],
  ],
  [
    'a delay',
    mail(
      'Warning: could not send message for past 4 hours',
      `This is the mail system at host there.example.\n\nYour message could not be delivered for 4 hours; it will be retried until it is 5 days old.\n\n<ann@there.example>: connect to mx.there.example[192.0.2.1]:25: Connection timed out`,
    ),
    ['postfix', 'ann@there.example delayed infrastructure'],
  ],
  [
    'nobody is named but in the returned message',
    mail(
      'Undeliverable mail',
      'Delivery failed: 550 user unknown\n\nReceived: from x\nTo: Ann <ann@there.example>\nSubject: Hello',
    ),
    ['plain', 'ann@there.example failed recipient!'],
  ],
  [
    'nobody is named at all',
    mail('Undeliverable mail', 'The message could not be delivered.'),
    ['plain', ' failed policy!'],
  ],
]

describe('a bounce in words', () => {
  it.each(FREE)('%s', (_name, text, expected) => {
    expect(said(read(text))).toEqual(expected)
  })

  it('of a person who only writes like one is no bounce', () => {
    const text = `From: Bob <bob@there.example>\nSubject: Re: returned mail\n\nYour letter could not be delivered to my new flat.\n`
    expect(read(text, { from: 'bob@there.example' }).kind).toBe('other')
  })
})

describe('a delivery status', () => {
  it('is believed over its words, per recipient, in one group or several', () => {
    expect(
      said(
        read(
          dsn(`Reporting-MTA: dns; a.example

Original-Recipient: rfc822;ann+2Bnews@there.example
Final-Recipient: rfc822; <ann@inner.example>
Action: failed
Status: 5.0.0 (unknown)
Diagnostic-Code: smtp; 552 5.2.2 mailbox full

Final-Recipient: utf-8; j\\x{F6}rg@there.example
Action: FAILED (really)
Status: 5.1.1

Final-Recipient: rfc822; eve@there.example
Action: relayed
Status: 2.0.0`),
        ),
      ),
    ).toEqual([
      'dsn',
      'ann@inner.example|ann+2Bnews@there.example|ann+news@there.example failed mailbox!',
      'jörg@there.example failed recipient!',
      'eve@there.example relayed -',
    ])
    const together = read(
      dsn('Reporting-MTA: dns; a.example\nFinal-Recipient: rfc822; ann@there.example\nStatus: 4.4.1'),
    )
    expect(said(together)).toEqual(['dsn', 'ann@there.example delayed infrastructure'])
    expect(together.kind === 'delivery' && together.reportingMta).toBe('a.example')
  })

  it('in base64 is read as well (RFC 6533 §6.3 allows it)', () => {
    const body = Buffer.from(
      'Final-Recipient: rfc822; ann@there.example\r\nAction: failed\r\nStatus: 5.1.1\r\n',
    ).toString('base64')
    expect(said(read(dsn(body, 'Content-Transfer-Encoding: base64\n')))).toEqual([
      'dsn',
      'ann@there.example failed recipient!',
    ])
  })

  it('that failed after tries for a temporary cause is not permanent', () => {
    const text = dsn(
      'Final-Recipient: rfc822; ann@there.example\nAction: failed\nStatus: 4.4.7\nDiagnostic-Code: smtp; 550 5.1.1 unknown',
    )
    expect(said(read(text))).toEqual(['dsn', 'ann@there.example failed infrastructure'])
  })

  it('with more recipients than any message has is cut, and says so', () => {
    const many = Array.from(
      { length: 1_500 },
      (_, n) => `Final-Recipient: rfc822; a${n}@there.example\nAction: failed\n`,
    )
    const report = read(dsn(many.join('\n')))
    expect(report.kind === 'delivery' && [report.recipients.length, report.truncated]).toEqual([1_000, true])
  })

  it('without a recipient is read as words', () => {
    expect(read(dsn('Reporting-MTA: dns; a.example')).kind).toBe('other')
  })
})

describe('what a machine says that is no bounce', () => {
  it.each([
    ['auto_reply', mail('Out of office', 'I am away.')],
    ['auto_reply', mail('Re: Hello', 'I am away.', 'Auto-Submitted: auto-replied (vacation)\n')],
    ['auto_reply', mail('Automatische Antwort: Hallo', 'Bin weg.')],
    ['auto_reply', mail('Réponse automatique : Bonjour', 'Absent.')],
    ['auto_reply', mail('Hello', 'x', 'X-Autoreply: yes\n')],
    ['auto_reply', mail('Hello', 'x', 'Precedence: auto_reply\n')],
    [
      'challenge',
      mail(
        'Re: Hello',
        'Your message is being held until you confirm. Please click here to deliver your message.',
      ),
    ],
    ['challenge', mail('Hello', 'x', 'X-Boxbe-Q: 1\n')],
    [
      'receipt',
      mail(
        'Read: Hello',
        '--b\nContent-Type: message/disposition-notification\n\nDisposition: manual-action\n--b--',
        'Content-Type: multipart/report; boundary=b\n',
      ),
    ],
  ])('%s', (kind, text) => {
    expect(read(text).kind).toBe(kind)
  })
})

describe('a complaint', () => {
  it('has its type, who complained, and what of ours the message carried', () => {
    const report = read(
      arf(
        'Feedback-Type: Abuse\nUser-Agent: X/1\nOriginal-Rcpt-To: <ann@there.example>\nOriginal-Rcpt-To: bob@there.example',
        `X-Bulkhead-Reference: ${token}\nReturn-Path: <other@x.example>`,
      ),
    )
    expect(report).toMatchObject({
      kind: 'complaint',
      format: 'arf',
      feedbackType: 'abuse',
      addresses: ['ann@there.example', 'bob@there.example'],
      references: [token],
      reporter: 'X/1',
    })
  })

  it('refers to us by Original-Mail-From too', () => {
    expect(
      read(
        arf(`Feedback-Type: fraud\nOriginal-Mail-From: <${token.toUpperCase()}@rp.example>`, 'Subject: x'),
      ),
    ).toMatchObject({
      feedbackType: 'fraud',
      references: [token.toUpperCase()],
    })
  })

  it.each([
    ['not-spam', 'not-spam'],
    ['opt-out-list', 'opt-out'],
    ['auth-failure', 'auth-failure'],
    ['novel', 'other'],
  ])('of type %s counts as %s', (written, type) => {
    expect(read(arf(`Feedback-Type: ${written}`, 'Subject: x'))).toMatchObject({ feedbackType: type })
  })

  it('is any message that is sent back to the address of feedback loops', () => {
    const text = mail(
      'x',
      '--b\nContent-Type: message/rfc822\n\nX-HmXmrOriginalRecipient: ann@there.example\n\nx\n--b--',
      'Content-Type: multipart/mixed; boundary=b\n',
    )
    expect(read(text, { complaints: true })).toMatchObject({
      kind: 'complaint',
      format: 'message',
      addresses: ['ann@there.example'],
    })
    expect(read(text).kind).toBe('other')
  })
})

describe('what is kept of a text', () => {
  it.each([
    ['550 5.1.1 <ann.lee@there.example>: unknown', '550 5.1.1 <address>: unknown'],
    ['User ann.lee (Ann.Lee@there.example) not listed', 'User <recipient> (<address>) not listed'],
    ['mailto:ann.lee@there.example, gone', 'mailto:<address>, gone'],
    ['a\r\nb\0c', 'a b c'],
  ])('%j holds no address: %j', (text, kept) => {
    expect(withoutAddresses(text, ['ann.lee@there.example'], 500)).toBe(kept)
  })

  it('takes addresses in fields in every spelling, and nothing else', () => {
    expect(addressesOf('rfc822; "ann lee"@there.example')).toEqual(['"ann lee"@there.example'])
    expect(addressesOf('rfc822; not an address')).toEqual([])
    expect(addressesOf('x400; /c=de/')).toEqual([])
    expect(addressesOf(`rfc822; ${'a'.repeat(400)}@x.example`)).toEqual([])
    expect(addressesOf(null)).toEqual([])
  })
})

describe('hostile reports', () => {
  const size = 10 * 1024 * 1024
  const fill = (piece: string, bytes = size): string => piece.repeat(Math.ceil(bytes / piece.length))

  it.each([
    [
      'recipients',
      `Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n${fill('Final-Recipient: rfc822; a@b.example\n\n')}`,
    ],
    ['addresses in words', `Subject: failure notice\n\n${fill('a@b.c <x@y> could not ')}`],
    ['HTML', `Content-Type: text/html\n\n${fill('<style><a ')}`],
    ['words of many languages', `Subject: x\n\n${fill('konnte nicht mailbox is user n’a pas pu ')}`],
    ['boundaries', `Content-Type: multipart/report; boundary=b\n\n${fill('--b\n')}`],
    ['one line', fill('a@')],
    ['header fields', fill('From: a@b\n')],
    ['quoted message', `Subject: undeliverable\n\n${fill('From: a\nTo: b\n')}`],
  ])('of 10 MiB of %s are read in bounded time', (_name, text) => {
    const raw = Buffer.from(text.slice(0, size))
    const started = performance.now()
    readReport(raw, { envelopeFrom: '', complaints: true })
    expect(performance.now() - started).toBeLessThan(3_000)
  })

  it.each([
    ['a long word', 'a'],
    ['words that are the name', 'a0'],
    ['backslashes', '\\'],
    ['dots', 'a.b.'],
    ['words of refusals', 'user mailbox '],
    ['addresses', 'a@b '],
  ])(
    'with a thousand recipients, each refused with %s, take no more than moments of the process',
    (_name, piece) => {
      const groups = Array.from(
        { length: 1_000 },
        (_, number) =>
          `Final-Recipient: rfc822; a${number % 10}@x.example\nOriginal-Recipient: rfc822; v${number}@x.example\nAction: failed\nStatus: 5.0.0\nRemote-MTA: dns;${fill(piece, 300)}\nDiagnostic-Code: smtp; ${fill(piece, 400)}\n`,
      )
      const raw = Buffer.from(
        `Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n${groups.join('\n')}\n--b--\n`,
      )
      const before = process.cpuUsage()
      const report = readReport(raw, { envelopeFrom: '', complaints: false })
      const effects = effectsOf(report, { number: 1, internal: false, recipients: [], reportId: 'x' })
      expect(effects.findings.recipients).toHaveLength(1_000)
      // 0.1 s; it was 3 to 10 s, in the process that takes submissions too.
      expect(process.cpuUsage(before).user / 1_000).toBeLessThan(1_500)
    },
  )

  it('of random pieces never throw, and stay within their bounds', () => {
    const pieces = [
      'Content-Type: multipart/report; boundary=b\n',
      '\n',
      '--b\n',
      '--b--\n',
      'Content-Type: message/delivery-status\n\n',
      'Content-Type: message/feedback-report\n\n',
      'Content-Type: message/rfc822\n\n',
      'Content-Transfer-Encoding: base64\n',
      'Final-Recipient: rfc822; a@b.example\n',
      'Action: failed\n',
      'Status: 5.1.1\n',
      'Feedback-Type: abuse\n',
      'Subject: =?utf-8?q?undeliverable?=\n',
      'X-Failed-Recipients: a@b.example,\n',
      'Hi. This is the qmail-send program at x.\n',
      `${token}@rp.example `,
      '\0',
      '<a@b.example>: 550 no such user\n',
      'é\uFFFD',
      'Return-Path: ',
    ]
    let seed = 11
    const next = (max: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return seed % max
    }
    const kinds = new Set<string>()
    for (let round = 0; round < 4_000; round++) {
      const text = Array.from({ length: next(30) }, () => pieces[next(pieces.length)] ?? '').join('')
      const report = readReport(Buffer.from(text), { envelopeFrom: '', complaints: next(2) === 0 })
      kinds.add(report.kind)
      expect(report.references.length).toBeLessThanOrEqual(20)
      if (report.kind === 'delivery') expect(report.recipients.length).toBeLessThanOrEqual(1_000)
    }
    expect([...kinds].sort()).toEqual(['complaint', 'delivery', 'other'])
  })
})
