import { TLSSocket } from 'node:tls'
import { createTransport } from 'nodemailer'
import { describe, expect, it } from 'vitest'
import {
  CAPTURE,
  eventually,
  RawClient,
  selfSigned,
  startServer,
  SUBMISSION,
  SUBMISSIONS,
} from './fixture.test-support.ts'
import type { SmtpPeer } from './types.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const PLAIN = base64('\0ann\0secret')

const certificate = selfSigned()
const subject = (client: RawClient): string =>
  client.socket instanceof TLSSocket ? String(client.socket.getPeerCertificate().subject.CN) : ''

describe('STARTTLS', () => {
  it('lets nobody log in or send before TLS, and forgets the clear-text EHLO', async () => {
    await using running = await startServer({ listener: SUBMISSION, secureContext: () => certificate })
    const client = await RawClient.plain(running.port)
    await client.reply()
    expect(await client.ask('MAIL FROM:<a@x.test>\r\n')).toMatch(/^530 5\.7\.0 /)
    const hello = await client.ask('EHLO c\r\n')
    expect(hello).toContain('250-STARTTLS\r\n')
    expect(hello).not.toContain('AUTH')
    expect(await client.ask('MAIL FROM:<a@x.test>\r\n')).toMatch(/^530 5\.7\.0 /)
    expect(await client.ask(`AUTH PLAIN ${PLAIN}\r\n`)).toMatch(/^538 5\.7\.11 /)
    expect(await client.ask('STARTTLS x\r\n')).toMatch(/^501 /)
    expect(await client.ask('STARTTLS\r\n')).toBe('220 2.0.0 Ready to start TLS\r\n')
    await client.upgrade()
    expect(await client.ask(`AUTH PLAIN ${PLAIN}\r\n`)).toMatch(/^503 5\.5\.1 Send EHLO/)
    const secured = await client.ask('EHLO c\r\n')
    expect(secured).toContain('250-AUTH PLAIN LOGIN\r\n')
    expect(secured).not.toContain('STARTTLS')
    expect(await client.ask('STARTTLS\r\n')).toMatch(/^503 5\.5\.1 /)
    expect(await client.ask('MAIL FROM:<a@x.test>\r\n')).toMatch(/^530 5\.7\.0 Authentication required/)
    expect(await client.ask(`AUTH PLAIN ${PLAIN}\r\n`)).toBe('235 2.7.0 Authentication successful\r\n')
    expect(await client.ask(`AUTH PLAIN ${PLAIN}\r\n`)).toMatch(/^503 5\.5\.1 /)
    expect(await client.ask('MAIL FROM:<a@x.test> AUTH=<>\r\n')).toMatch(/^250 /)
    expect(await client.ask(`AUTH PLAIN ${PLAIN}\r\n`)).toMatch(/^503 5\.5\.1 /)
    client.close()
  })

  it('closes when clear text follows STARTTLS in the same packet, and runs none of it', async () => {
    await using running = await startServer({ listener: SUBMISSION, secureContext: () => certificate })
    const client = await RawClient.plain(running.port)
    client.write('EHLO c\r\nSTARTTLS\r\nRSET\r\n')
    expect(await client.end()).toMatch(/250 SMTPUTF8\r\n554 5\.5\.1 [^\n]*\n$/)
  })

  it('closes when clear text follows STARTTLS in another packet, and runs none of it', async () => {
    await using running = await startServer({ listener: SUBMISSION, secureContext: () => certificate })
    const client = await RawClient.plain(running.port)
    client.write('EHLO c\r\nSTARTTLS\r\n')
    await client.until(/^220 2/m)
    client.write('RSET\r\nNOOP\r\n')
    expect(await client.end()).not.toMatch(/250 2\.0\.0/)
    await eventually(() => running.server.connections() === 0)
  })

  it('answers 454 and goes on when the certificate cannot be read', async () => {
    await using running = await startServer({
      listener: SUBMISSION,
      secureContext: () => {
        throw new Error('no such file')
      },
    })
    const client = await RawClient.plain(running.port)
    await client.reply()
    await client.ask('EHLO c\r\n')
    expect(await client.ask('STARTTLS\r\n')).toMatch(/^454 4\.7\.0 /)
    expect(await client.ask('NOOP\r\n')).toMatch(/^250 /)
    client.close()
  })
})

describe('implicit TLS', () => {
  it('greets inside TLS and shows a replaced certificate to the next connection', async () => {
    let current = certificate
    const peers: SmtpPeer[] = []
    await using running = await startServer({
      listener: SUBMISSIONS,
      secureContext: () => current,
      handler: {
        async connect(peer) {
          peers.push(peer)
        },
      },
    })
    const first = await RawClient.tls(running.port)
    expect(await first.reply()).toBe('220 mx.example.test ESMTP\r\n')
    current = selfSigned('other')
    const second = await RawClient.tls(running.port)
    await second.reply()
    expect([subject(first), subject(second)]).toEqual(['localhost', 'other'])
    expect(peers[0]).toMatchObject({
      listener: 'submissions',
      address: '127.0.0.1',
      tls: { protocol: 'TLSv1.3' },
    })
    first.write('QUIT\r\n')
    expect(await first.end()).toMatch(/221 2\.0\.0 Bye\r\n$/)
    second.close()
  })

  it('survives clear text, junk and silence instead of a handshake', async () => {
    await using running = await startServer({
      listener: SUBMISSIONS,
      secureContext: () => certificate,
      limits: { commandTimeoutMs: 300 },
    })
    const clients = await Promise.all([0, 1, 2].map(() => RawClient.plain(running.port)))
    clients[0]!.write('EHLO c\r\n')
    clients[1]!.write('\u0016\u0003\u0001\u0000\u0005junk!')
    await eventually(() => running.server.connections() === 0)
    for (const client of clients) expect(await client.end()).not.toContain('220')
  })
})

describe('AUTH', () => {
  it('knows PLAIN and LOGIN with and without initial response, and cancels at *', async () => {
    const exchanges = [
      [`AUTH PLAIN ${PLAIN}`, '235'],
      ['AUTH PLAIN', '334 ', PLAIN, '235'],
      [`auth login`, '334 VXNlcm5hbWU6', base64('ann'), '334 UGFzc3dvcmQ6', base64('secret'), '235'],
      [`AUTH LOGIN ${base64('ann')}`, '334 UGFzc3dvcmQ6', base64('secret'), '235'],
      ['AUTH PLAIN', '334 ', '*', '501 5.7.0'],
      ['AUTH LOGIN', '334 VXNlcm5hbWU6', '*', '501 5.7.0'],
      ['AUTH LOGIN', '334 VXNlcm5hbWU6', base64('ann'), '334 ', '*', '501 5.7.0'],
      ['AUTH PLAIN =', '501 5.5.2'],
      ['AUTH PLAIN !!!!', '501 5.5.2'],
      [`AUTH PLAIN ${base64('ann\0secret')}`, '501 5.5.2'],
      [`AUTH PLAIN ${base64('\0ann\0a\0b')}`, '501 5.5.2'],
      [`AUTH PLAIN ${base64('bob\0ann\0secret')}`, '535 5.7.8'],
      [`AUTH PLAIN ${base64('\0ann\0wrong')}`, '535 5.7.8'],
      ['AUTH CRAM-MD5', '504 5.5.4'],
      ['AUTH', '501 5.5.4'],
      ['AUTH PLAIN a b', '501 5.5.4'],
      ['AUTH PLAIN', '334 ', 'A'.repeat(3_000), '500 5.5.6'],
    ]
    await using running = await startServer({ listener: CAPTURE })
    for (const exchange of exchanges) {
      const client = await RawClient.plain(running.port)
      await client.reply()
      await client.ask('EHLO c\r\n')
      for (let at = 0; at < exchange.length; at += 2)
        expect(await client.ask(`${exchange[at]}\r\n`), exchange.join(' ')).toMatch(
          new RegExp(`^${exchange[at + 1]!.replaceAll('.', '\\.')}`),
        )
      expect(await client.ask('NOOP\r\n')).toBe('250 2.0.0 OK\r\n')
      client.close()
    }
    expect(running.logged.join('')).not.toMatch(/secret|wrong|ann/)
  })

  it('handles what is pipelined behind AUTH in order, after its answer', async () => {
    const gate = Promise.withResolvers<void>()
    await using running = await startServer({
      listener: CAPTURE,
      handler: {
        async authenticate() {
          await gate.promise
          return { ok: true, session: 'ann' }
        },
      },
    })
    const client = await RawClient.plain(running.port)
    client.write(`EHLO c\r\nAUTH PLAIN ${PLAIN}\r\nMAIL FROM:<a@x.test>\r\nNOOP\r\n`)
    await client.until(/250 SMTPUTF8\r\n/)
    client.write('RSET\r\nQUIT\r\n')
    gate.resolve()
    expect(await client.end()).toMatch(
      /SMTPUTF8\r\n235 .*\r\n250 2\.1\.0 .*\r\n250 .*\r\n250 .*\r\n221 .*\r\n$/,
    )
  })

  it('ends after three wrong passwords, and after too many commands without AUTH', async () => {
    await using running = await startServer({ listener: CAPTURE, limits: { unauthenticatedCommands: 5 } })
    const client = await RawClient.plain(running.port)
    client.write(`EHLO c\r\n${`AUTH PLAIN ${base64('\0ann\0no')}\r\n`.repeat(4)}`)
    expect(await client.end()).toMatch(/SMTPUTF8\r\n(535 5\.7\.8 .*\r\n){3}421 4\.7\.0 Too many errors\r\n$/)
    const other = await RawClient.plain(running.port)
    other.write('NOOP\r\n'.repeat(9))
    expect(await other.end()).toMatch(/^220 .*\r\n(250 .*\r\n){5}421 4\.7\.0 [^\n]*\n$/)
  })
})

describe('nodemailer', () => {
  for (const listener of [SUBMISSION, SUBMISSIONS])
    for (const method of ['PLAIN', 'LOGIN'])
      it(`sends through ${listener.name} with AUTH ${method}, UTF-8 addresses and dots included`, async () => {
        await using running = await startServer({ listener, secureContext: () => certificate })
        const transport = createTransport({
          host: '127.0.0.1',
          port: running.port,
          secure: listener.tls === 'implicit',
          requireTLS: true,
          authMethod: method,
          auth: { user: 'ann', pass: 'secret' },
          tls: { rejectUnauthorized: false },
        })
        const raw = `From: a@x.test\r\nSubject: dots\r\n\r\n.\r\n..\r\n.x\r\n${'long line '.repeat(2_000)}\r\n`
        const sent = await transport.sendMail({
          envelope: { from: 'jos\u00e9@x.test', to: ['b@y.test', '\u7528\u6237@y.test'] },
          raw,
        })
        transport.close()
        expect(sent.accepted).toHaveLength(2)
        expect(running.messages).toHaveLength(1)
        expect(running.messages[0]).toMatchObject({ smtputf8: true })
        expect(running.messages[0]?.raw.toString()).toBe(raw)
        expect(running.messages[0]?.recipients.map((path) => path.address)).toEqual([
          'b@y.test',
          '\u7528\u6237@y.test',
        ])
      })
})
