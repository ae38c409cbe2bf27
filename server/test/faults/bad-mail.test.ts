import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startInstallation, until } from '../constellation/installation.ts'
import type { Installation } from '../constellation/installation.ts'
import { openSmtp } from '../constellation/smtp.ts'
import { startJournallingSink } from '../constellation/sink.ts'
import type { JournallingSink, SinkMessage } from '../constellation/sink.ts'

let sink: JournallingSink
let bulkhead: Installation
beforeAll(async () => {
  sink = await startJournallingSink(100)
  bulkhead = await startInstallation({ outbound: `smtp://127.0.0.1:${sink.port}` })
})
afterAll(async () => {
  await bulkhead?.[Symbol.asyncDispose]()
  await sink?.[Symbol.asyncDispose]()
})

const mail = (more = '', body = 'Hello\r\n'): string =>
  `From: ${bulkhead.from}\r\nTo: ann@reader.test\r\nSubject: Hello\r\n${more}\r\n${body}`

/** What the sink got for this recipient; waits until it is there. */
async function arrivedFor(recipient: string): Promise<SinkMessage> {
  let found: SinkMessage | undefined
  await until(`mail for ${recipient}`, 10_000, async () => {
    found = (await sink.messages()).find((message) => message.recipients.includes(recipient))
    return found !== undefined
  })
  return found!
}

const idOf = (text: string): string => /(msg_\w+)/.exec(text)![1]!

describe.runIf(process.platform === 'linux')('mail over SMTP', () => {
  it('is refused from outside the verified domains, in the envelope, in From and in Sender', async () => {
    const before = await bulkhead.ledger()
    await using wire = await bulkhead.openSmtp()
    const envelope = await wire.command('MAIL FROM:<ceo@bank.example>')
    expect(envelope.text).toMatch(/^550 5\.7\.1 .*bank\.example/)
    const content = 'To: ann@reader.test\r\nSubject: x\r\n'
    for (const [name, head] of [
      ['From', `From: The CEO <ceo@bank.example>\r\n${content}`],
      ['two From', `From: ${bulkhead.from}\r\nFrom: ceo@bank.example\r\n${content}`],
      [
        'a From with two',
        `From: ${bulkhead.from}, ceo@bank.example\r\nSender: ${bulkhead.from}\r\n${content}`,
      ],
      ['no From', content],
      ['Sender', `From: ${bulkhead.from}\r\nSender: ceo@bank.example\r\n${content}`],
      ['a group', `From: bank: ceo@bank.example;\r\n${content}`],
      ['a comment', `From: (${bulkhead.from}) ceo@bank.example\r\n${content}`],
      ['an encoded name', `From: =?utf-8?q?<${bulkhead.from}>?= <ceo@bank.example>\r\n${content}`],
      ['a folded name', `From\r\n : ceo@bank.example\r\n${content}`],
      ['a From after a blank field', `X:\r\n\tFrom: ${bulkhead.from}\r\n${content}`],
    ] as const) {
      const answer = await wire.send(bulkhead.from, ['ann@reader.test'], `${head}\r\nx\r\n`)
      expect(answer.code, `${name}: ${answer.text}`).toBe(550)
    }
    expect((await bulkhead.ledger()).accepted).toBe(before.accepted)
  })

  it('cannot be smuggled in another message: one content is one message or none', async () => {
    const inner =
      `MAIL FROM:<${bulkhead.from}>\r\nRCPT TO:<smuggled@reader.test>\r\nDATA\r\n` +
      `From: ${bulkhead.from}\r\nTo: smuggled@reader.test\r\nSubject: smuggled\r\n\r\nx\r\n.\r\n`
    for (const end of [
      '\n.\n',
      '\n.\r\n',
      '\r.\r',
      '\r\n.\n',
      '\r\n.\r',
      '\r.\r\n',
      '\n\n.\r\n',
      '\r\n\0.\r\n',
      '\r\n.\0\r\n',
      '\r\r\n.\r\r\n',
    ]) {
      await using wire = await bulkhead.openSmtp()
      for (const line of [`MAIL FROM:<${bulkhead.from}>`, 'RCPT TO:<outer@reader.test>', 'DATA']) {
        expect((await wire.command(line)).code).toBeLessThan(400)
      }
      wire.write(`${mail('', 'x')}${end}${inner}`)
      const answer = await wire.reply()
      // Whatever it is, it is one answer: what follows the false end was content and is not obeyed.
      if (JSON.stringify(end).includes('\\n.\\n') || !end.includes('\r\n.\r\n'))
        expect(answer.text, JSON.stringify(end)).toMatch(/^5\d\d /)
      const more = await wire.reply(300).catch((error: unknown) => error)
      expect(more, JSON.stringify(end)).toBeInstanceOf(Error)
    }
    await bulkhead.untilSettled(10_000)
    expect(sink.journal().filter(({ recipient }) => recipient === 'smuggled@reader.test')).toEqual([])
    for (const { raw } of await sink.messages()) expect(raw.toString()).not.toContain('Subject: smuggled')
  })

  it('keeps every byte but Bcc and the control headers, and obeys these', async () => {
    const tricky =
      'Hello\r\n.\r\n..\r\n.x\r\n \t trailing  \r\n\r\n' +
      `${'long '.repeat(180)}\r\n\xe9\xe8\xff\x80\r\nFrom here\r\n--\r\n\r\n\r\n`
    const head =
      'MIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n' +
      'Date: Thu, 01 Jan 2026 00:00:00 +0000\r\nMessage-ID:   <odd."x"@example.test>\r\nX-Folded: a\r\n\t  b\r\n  c\r\nx-CASE:   kept  \r\n'
    const dropped =
      'Bcc: hidden@reader.test,\r\n secret@reader.test\r\nX-Bulkhead-Lane: bulk\r\nx-bulkhead-tags: one, two\r\n' +
      'X-Bulkhead-Metadata: {"order": 7}\r\nReturn-Path: <x@y.test>\r\n'
    await using wire = await bulkhead.openSmtp()
    const answer = await wire.send(
      bulkhead.from,
      ['bytes@reader.test', 'hidden@reader.test'],
      Buffer.from(mail(head + dropped, tricky), 'latin1'),
    )
    expect(answer.code, answer.text).toBe(250)
    for (const recipient of ['bytes@reader.test', 'hidden@reader.test']) {
      const { raw, from } = await arrivedFor(recipient)
      const text = raw.toString('latin1')
      expect(text.slice(-mail(head, tricky).length)).toBe(mail(head, tricky))
      expect(text.slice(0, -mail(head, tricky).length)).toMatch(
        /^(?:(?:DKIM-Signature|X-Bulkhead-Reference|Received|List-Unsubscribe(?:-Post)?):[^\r]*\r\n(?:[ \t][^\r]*\r\n)*)+$/,
      )
      expect(text).not.toMatch(/hidden@|secret@|x-bulkhead-(?!reference)/i)
      expect(from).toMatch(/^b-[a-z2-7]{45}@bounces\.bulkhead\.test$/)
    }
    const { body } = await bulkhead.http.call('GET', `/v1/messages/${idOf(answer.text)}`)
    expect(body).toMatchObject({ lane: 'bulk', tags: ['one', 'two'], metadata: { order: 7 } })
  })

  it('obeys Send-At and the idempotency key, and refuses control headers it cannot read', async () => {
    await using wire = await bulkhead.openSmtp()
    const later = new Date(Date.now() + 3_600_000).toISOString()
    const scheduled = await wire.send(
      bulkhead.from,
      ['later@reader.test'],
      mail(`X-Bulkhead-Send-At: ${later}\r\n`),
    )
    expect(scheduled.code, scheduled.text).toBe(250)
    expect((await bulkhead.ledger()).scheduled).toBe(1)
    expect((await bulkhead.http.call('POST', `/v1/messages/${idOf(scheduled.text)}/cancel`)).status).toBe(200)

    const keyed = mail('X-Bulkhead-Idempotency-Key: order-1\r\n')
    const [first, second] = [
      await wire.send(bulkhead.from, ['once@reader.test'], keyed),
      await wire.send(bulkhead.from, ['once@reader.test'], keyed),
    ]
    expect(first.code, first.text).toBe(250)
    expect(second.text).toBe(first.text)
    const other = await wire.send(bulkhead.from, ['once@reader.test'], `${keyed}more\r\n`)
    expect(other.text).toMatch(/^550 5\.5\.0 .*Idempotency-Key/)
    for (const wrong of [
      'Lane: fast',
      'Unknown: 1',
      'Sensitive: maybe',
      'Metadata: {',
      'Send-At: soon',
      'Expires-At: 2001-01-01T00:00:00Z',
    ]) {
      const answer = await wire.send(bulkhead.from, ['x@reader.test'], mail(`X-Bulkhead-${wrong}\r\n`))
      expect(answer.text, wrong).toMatch(/^550 5\.6\.0 /)
    }
  })

  it('is refused when too large, to too many, to nobody, or when it breaks the rules of the protocol', async () => {
    const before = await bulkhead.ledger()
    await using wire = await bulkhead.openSmtp()
    expect((await wire.command(`MAIL FROM:<${bulkhead.from}> SIZE=50000000`)).text).toMatch(/^552 5\.3\.4 /)
    expect((await wire.command(`MAIL FROM:<${bulkhead.from}> SIZE=1e9`)).code).toBe(501)
    expect((await wire.command(`MAIL FROM:<${bulkhead.from}> XEVIL=1`)).code).toBe(555)
    expect((await wire.command(`MAIL FROM:<${bulkhead.from}>`)).code).toBe(250)
    wire.write(Array.from({ length: 1_001 }, (_, i) => `RCPT TO:<r${i}@reader.test>\r\n`).join(''))
    for (let i = 0; i < 1_000; i++) expect((await wire.reply()).code).toBe(250)
    expect((await wire.reply()).text).toMatch(/^452 4\.5\.3 /)
    expect((await wire.command('RSET')).code).toBe(250)
    expect((await wire.command('DATA')).code).toBe(503)
    for (const to of ['nobody', '@reader.test', 'a@reader..test', 'a b@reader.test']) {
      expect((await wire.command(`MAIL FROM:<${bulkhead.from}>`)).code).toBe(250)
      expect((await wire.command(`RCPT TO:<${to}>`)).code, to).toBeGreaterThanOrEqual(500)
      await wire.command('RSET')
    }
    // A message that grows beyond the limit without having said so.
    expect((await wire.command(`MAIL FROM:<${bulkhead.from}>`)).code).toBe(250)
    expect((await wire.command('RCPT TO:<a@reader.test>')).code).toBe(250)
    expect((await wire.command('DATA')).code).toBe(354)
    wire.write(mail())
    const line = `${'x'.repeat(78)}\r\n`.repeat(13_108)
    for (let i = 0; i < 42; i++) wire.write(line)
    wire.write('.\r\n')
    expect((await wire.reply()).text).toMatch(/^552 5\.3\.4 /)
    expect((await bulkhead.ledger()).accepted).toBe(before.accepted)
  })

  it('needs TLS and a password that is right: a credential of SMTP, or an API key', async () => {
    const { username, password } = bulkhead.smtp
    for (const wrong of [
      { username, password: 'wrong' },
      { username: 'nobody', password },
      { username: '', password: '' },
      { username, password: bulkhead.apiKey.slice(0, -1) },
    ]) {
      await expect(openSmtp(bulkhead.submissionsPort, wrong)).rejects.toThrow(/535 5\.7\.8|501/)
    }
    await using byKey = await openSmtp(bulkhead.submissionsPort, {
      username: 'apikey',
      password: bulkhead.apiKey,
    })
    expect((await byKey.send(bulkhead.from, ['bykey@reader.test'], mail())).code).toBe(250)
    await using noLogin = await bulkhead.openSmtp({ login: false })
    expect((await noLogin.command(`MAIL FROM:<${bulkhead.from}>`)).text).toMatch(/^530 5\.7\.0 /)

    const clear = await dialogue(bulkhead.submissionPort, [
      'EHLO x',
      `MAIL FROM:<${bulkhead.from}>`,
      `AUTH PLAIN ${Buffer.from(`\0${username}\0${password}`).toString('base64')}`,
      'STARTTLS\r\nEHLO injected',
    ])
    expect(clear).toMatch(/^250-STARTTLS|^250 STARTTLS/m)
    expect(clear).not.toMatch(/^250[- ]AUTH/m)
    expect(clear.match(/^(?:530|538|523|503) /gm)?.length).toBeGreaterThanOrEqual(2)
    expect(clear).not.toMatch(/^2[35]\d .*injected/m)
  })

  it('ends with the credential: a revoked one is out within two seconds, in open sessions too', async () => {
    const made = await bulkhead.http.call('POST', '/v1/smtp-credentials', { body: { name: 'short-lived' } })
    expect(made.status).toBe(201)
    const { id, username, password } = made.body
    await using wire = await openSmtp(bulkhead.submissionsPort, { username, password })
    expect((await wire.send(bulkhead.from, ['before@reader.test'], mail())).code).toBe(250)
    const startedMs = performance.now()
    expect((await bulkhead.http.call('DELETE', `/v1/smtp-credentials/${id}`)).status).toBe(204)
    expect((await wire.reply(3_000)).text).toMatch(/^421 4\.7\.0 /)
    const tookMs = performance.now() - startedMs
    process.stdout.write(`revoked credential: its open session ended after ${tookMs.toFixed(0)} ms\n`)
    expect(tookMs).toBeLessThan(2_000)
    await wire.closed
    await sleep(1_000)
    await expect(openSmtp(bulkhead.submissionsPort, { username, password })).rejects.toThrow(/535/)
  })

  it('leaves a ledger that balances, and every accepted message at the other side', async () => {
    const ledger = await bulkhead.untilSettled(20_000)
    expect(ledger).toMatchObject({ lost: 0, doubled: 0, balanced: true })
    expect(ledger.delivered + ledger.cancelled).toBe(ledger.accepted)
    expect(bulkhead.output()).not.toMatch(/smtp ended/)
  })
})

/** Says lines in clear text, each after the last answer, and answers all that was said back. */
function dialogue(port: number, lines: readonly string[]): Promise<string> {
  return new Promise((done) => {
    let text = ''
    const left = [...lines]
    const socket = connect(port, '127.0.0.1')
    const end = (): void => {
      clearTimeout(timer)
      socket.destroy()
      done(text)
    }
    const timer = setTimeout(end, 3_000)
    socket.on('error', end)
    socket.on('close', end)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (!/^\d{3} [^\n]*\n$/m.test(text.slice(text.lastIndexOf('\n', text.length - 2) + 1))) return
      const next = left.shift()
      if (next === undefined) end()
      else socket.write(`${next}\r\n`)
    })
  })
}
