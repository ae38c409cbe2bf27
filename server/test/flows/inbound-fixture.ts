import { connect } from 'node:net'
import { createIdGenerator, decodeId } from '../../src/kernel/ids.ts'
import type { Pool } from '../../src/platform/postgres/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { prepareInbound } from '../../src/processes/smtp-inbound.ts'
import { writeReturnPath } from '../../src/security/references/index.ts'
import { selfSigned } from '../../../bench/self-signed.ts'
import type { ApiFixture } from './api-fixture.ts'

export const RETURN_DOMAIN = 'bounces.bulkhead.test'
export const INBOUND_HOST = 'mail.bulkhead.test'

export interface InboundFixture extends AsyncDisposable {
  readonly port: number
  /** The envelope sender of a message, as the sender writes it. */
  returnPath(messageId: string, number: number): Promise<string>
  /** One mail from outside; the answers to RCPT and to the end, or to what was refused. */
  mail(to: string | readonly string[], raw: string, from?: string): Promise<string>
}

/** The listener for mail from outside as the process smtp composes it, with that process's role and token. */
export async function startInbound(
  api: ApiFixture,
  pool: Pool = api.database.pool('bulkhead_smtp'),
): Promise<InboundFixture> {
  const keyring = api.keyring('smtp')
  const material = selfSigned(INBOUND_HOST)
  const server = prepareInbound({
    config: {
      inbound: { host: '127.0.0.1', port: 0 },
      hostname: INBOUND_HOST,
      returnPathDomain: RETURN_DOMAIN,
    },
    pool,
    keyring,
    tls: () => material,
    newId: createIdGenerator(),
    log: createLogger({ name: 'smtp', level: 'error' }),
  })
  if (server === null) throw new Error('the listener is off')
  const [address] = await server.listen()
  const port = address?.port ?? 0
  return {
    port,
    async returnPath(messageId, number) {
      const key = await keyring.referenceKey('return-path')
      const local = writeReturnPath(key, { messageId: decodeId('message', messageId) ?? '', number })
      return `${local}@${RETURN_DOMAIN}`
    },
    mail: (to, raw, from = '') => sendMail(port, from, typeof to === 'string' ? [to] : to, raw),
    [Symbol.asyncDispose]: () => server.close({ graceMs: 0 }),
  }
}

/** Speaks SMTP in clear text, as servers without STARTTLS do; answers the first refusal, or the reply to the content. */
export async function sendMail(
  port: number,
  from: string,
  to: readonly string[],
  raw: string,
): Promise<string> {
  const wire = await dialog(port)
  try {
    await wire.say(null)
    await wire.say('EHLO mx.elsewhere.example')
    const sender = await wire.say(`MAIL FROM:<${from}>`)
    if (!sender.startsWith('2')) return sender
    let refused = ''
    let taken = 0
    for (const address of to) {
      const answer = await wire.say(`RCPT TO:<${address}>`)
      if (answer.startsWith('2')) taken += 1
      else refused = answer
    }
    if (taken === 0) return refused
    await wire.say('DATA')
    const text = raw.replaceAll(/\r?\n/g, '\r\n').replaceAll(/^\./gm, '..')
    return await wire.say(`${text}${text.endsWith('\r\n') ? '' : '\r\n'}.`)
  } finally {
    wire.end()
  }
}

/** A connection on which a line is said and the last line of the reply is answered. */
export async function dialog(
  port: number,
): Promise<{ say(line: string | null): Promise<string>; end(): void }> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  let wake: (() => void) | undefined
  let over = false
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    wake?.()
  })
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    over = true
    wake?.()
  })
  return {
    async say(line) {
      if (line !== null) socket.write(Buffer.from(`${line}\r\n`, 'utf8'))
      for (;;) {
        const found = /^(?:\d{3}-[^\n]*\n)*(\d{3}(?: [^\n]*)?)\r\n/.exec(text)
        if (found !== null) {
          text = text.slice(found[0].length)
          return found[1] ?? ''
        }
        if (over) return `closed ${text}`
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    end: () => socket.destroy(),
  }
}

/** A message of a workspace that was handed over for every recipient, as the engine settles it. */
export async function deliveredMessage(
  api: ApiFixture,
  key: string,
  to: readonly string[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  await api.call(key, 'POST', '/v1/domains', { name: 'example.test' })
  const sent = await api.call(key, 'POST', '/v1/messages', {
    from: 'news@example.test',
    to,
    subject: 'Hello',
    text: 'Hello there.',
    ...more,
  })
  if (sent.status !== 202) throw new Error(sent.text)
  const id = decodeId('message', sent.body.id) ?? ''
  const owner = api.database.pool('superuser')
  await owner.query(
    `insert into outcome (message_id, number, workspace_id, event_id, state, attempts)
     select message_id, number, workspace_id, gen_random_uuid(), 'delivered', 1 from queue where message_id = $1`,
    [id],
  )
  await owner.query('delete from queue where message_id = $1', [id])
  return sent.body.id
}

/** A delivery status report (RFC 3464) in the form that Postfix writes. */
export function dsnOf(report: {
  readonly to: string
  readonly recipients: readonly {
    readonly final: string
    readonly original?: string
    readonly action?: string
    readonly status?: string
    readonly diagnostic?: string
  }[]
  readonly messageId?: string
  readonly returned?: string
}): string {
  const groups = report.recipients.map(
    ({ final, original, action = 'failed', status = '5.1.1', diagnostic }) =>
      [
        `Final-Recipient: rfc822; ${final}`,
        ...(original === undefined ? [] : [`Original-Recipient: rfc822;${original}`]),
        `Action: ${action}`,
        `Status: ${status}`,
        'Remote-MTA: dns; mx.there.example',
        `Diagnostic-Code: smtp; ${diagnostic ?? `550 ${status} <${final}>: Recipient address rejected: User unknown in virtual mailbox table`}`,
      ].join('\n'),
  )
  return `Received: by mail.there.example (Postfix)
From: MAILER-DAEMON@mail.there.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: ${report.to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="x/y"
Message-Id: <${report.messageId ?? '1@mail.there.example'}>

This is a MIME-encapsulated message.

--x/y
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mail.there.example.

--x/y
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.there.example
X-Postfix-Queue-ID: 4ABC
Arrival-Date: Sun, 22 Nov 2026 05:00:00 +0000 (UTC)

${groups.join('\n\n')}

--x/y
Content-Type: message/rfc822

${report.returned ?? 'From: news@example.test\nTo: ann@there.example\nSubject: Hello\n\nHello there.'}

--x/y--
`
}

/** A complaint (RFC 5965). `original` are the header fields of the message that is complained about. */
export function arfOf(complaint: {
  readonly type?: string
  readonly rcpt?: string
  readonly original: string
}): string {
  return `From: <staff@provider.example>
To: <fbl@${RETURN_DOMAIN}>
Subject: FW: Hello
Message-ID: <${complaint.type ?? 'abuse'}-arf@provider.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="arf"

--arf
Content-Type: text/plain

This is an email abuse report.

--arf
Content-Type: message/feedback-report

Feedback-Type: ${complaint.type ?? 'abuse'}
User-Agent: ProviderFBL/1.0
Version: 1
${complaint.rcpt === undefined ? '' : `Original-Rcpt-To: <${complaint.rcpt}>\n`}Source-IP: 192.0.2.1

--arf
Content-Type: message/rfc822

${complaint.original}

body
--arf--
`
}
