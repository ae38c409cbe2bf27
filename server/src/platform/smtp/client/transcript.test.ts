import { describe, expect, it } from 'vitest'
import { run, serve } from '../../../../test/support/smtp-run.ts'
import { Redacted } from '../../../kernel/redacted.ts'
import { createTranscript } from './transcript.ts'

const untimed = (lines: readonly string[] | undefined) => lines?.map((line) => line.replace(/^\+\d+ /, ''))

describe('transcript', () => {
  it('has the set-up and the transaction’s own lines, in the order in which they belong together', async () => {
    const { infos } = await run(
      async (p) => {
        await p.greet('PIPELINING', 'SIZE 9999')
        await p.until('DATA\r\n')
        p.send('250 2.1.0 sender\r\n250 2.1.5 to\r\n354 go\r\n')
        await p.until('\r\n.\r\n')
        p.send('250-2.0.0 queued\r\n250 2.0.0 as 77\r\n')
        await p.until('DATA\r\n')
        p.send('250 2.1.0 sender\r\n550 5.1.1 nobody\r\n503 5.5.1 no\r\n')
        await serve(p)
      },
      [1, 2],
      { transcript: true },
    )
    const setUp = [
      'connected to 127.0.0.1',
      'S: 220 sink.test ESMTP',
      'C: EHLO client.test',
      'S: 250-sink.test / 250-PIPELINING / 250 SIZE 9999',
    ]
    expect(untimed(infos[0]?.transcript)).toEqual([
      ...setUp,
      'C: MAIL FROM:<from@example.com> SIZE=22',
      'C: RCPT TO:<to1@example.net>',
      'C: DATA',
      'S: 250 2.1.0 sender',
      'S: 250 2.1.5 to',
      'S: 354 go',
      'C: (22 bytes)',
      'C: .',
      'S: 250-2.0.0 queued / 250 2.0.0 as 77',
    ])
    // Written with the content of the first message, but told where it belongs.
    expect(untimed(infos[1]?.transcript)).toEqual([
      ...setUp,
      'C: MAIL FROM:<from@example.com> SIZE=22',
      'C: RCPT TO:<to2@example.net>',
      'C: DATA',
      'S: 250 2.1.0 sender',
      'S: 550 5.1.1 nobody',
      'S: 503 5.5.1 no',
    ])
    expect(infos[0]?.transcript?.every((line) => /^\+\d+ /.test(line))).toBe(true)
  })

  it('is not kept where nobody asks', async () => {
    const { infos, reason } = await run(
      async (p) => {
        await p.greet('PIPELINING')
        await serve(p)
      },
      [1],
    )
    expect([infos[0]?.transcript, reason.transcript]).toEqual([undefined, undefined])
  })

  it('of a set-up that failed says why', async () => {
    const { reason } = await run(async (p) => p.send('554 5.7.1 go away\r\n'), [1], { transcript: true })
    expect(untimed(reason.transcript)).toEqual([
      'connected to 127.0.0.1',
      'S: 554 5.7.1 go away',
      'ended: refused with 554 (banner)',
    ])
  })

  it('at the end of a connection has what came after the last outcome', async () => {
    const { reason } = await run(
      async (p) => {
        await p.greet('PIPELINING')
        await p.acceptContent()
        p.send('250 ok\r\n421 4.3.2 enough\r\n')
      },
      [1],
      { transcript: true, idleMs: 5000 },
    )
    expect(untimed(reason.transcript)?.slice(-2)).toEqual([
      'S: 421 4.3.2 enough',
      'ended: the server is closing the connection (421)',
    ])
  })

  it.each([
    ['PLAIN', 'AUTH PLAIN ***'],
    ['LOGIN', 'AUTH LOGIN'],
  ])('never has a credential, not even one that the server repeats (AUTH %s)', async (mechanism, shown) => {
    const { infos, reason } = await run(
      async (p) => {
        await p.greet(`AUTH ${mechanism}`)
        await p.line()
        for (let i = mechanism === 'LOGIN' ? 2 : 0; i > 0; i--) {
          p.send('334 c2VjcmV0\r\n')
          await p.line()
        }
        p.send('235 welcome me with secret c2VjcmV0\r\n')
        await serve(p)
      },
      [1],
      { transcript: true, auth: { username: 'me', password: new Redacted('secret') } },
    )
    const text = [...(infos[0]?.transcript ?? []), ...(reason.transcript ?? [])].join('\n')
    expect(text).toContain(`C: ${shown}`)
    expect(text).toContain('S: 235')
    for (const secret of ['secret', 'c2VjcmV0', 'bWU=', Buffer.from('\0me\0secret').toString('base64')])
      expect(text).not.toContain(secret)
  })

  it('is bounded in lines and in their length, and keeps both ends', async () => {
    const to = Array.from({ length: 500 }, (_, i) => `to${i}@example.net`)
    const { infos } = await run(
      async (p) => {
        await p.greet('PIPELINING', ...Array.from({ length: 60 }, (_, i) => `X-LONG-EXTENSION-${i}`))
        await serve(p)
      },
      [{ n: 1, to }],
      { transcript: true },
    )
    const lines = infos[0]?.transcript ?? []
    expect(lines.length).toBeLessThanOrEqual(40)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(300)
    expect(lines[0]).toContain('connected')
    expect(lines.at(-1)).toContain('S: 250 2.0.0 Ok')
    expect(lines.join('\n')).toMatch(/\n… \d{3} lines left out\n/)
  })

  it('prints nothing that could end a line or move a cursor', () => {
    const transcript = createTranscript()
    transcript.server(null, '250 a\x1b[2J\r\0\x07b\u00c2\u0085c\r\n')
    transcript.client(null, 'MAIL FROM:<a\x1b@b>\r\n')
    for (const line of transcript.of(null)) expect(line).toMatch(/^[\x20-\x7e]*$/)
  })
})
