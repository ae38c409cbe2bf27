import { mkdtempSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as tlsConnect } from 'node:tls'
import { fc, it as property } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { matchesPattern, parseRules } from './sink-behaviour.ts'
import { unstuff } from './sink-message.ts'
import { startSink } from './sink.ts'

/** Sends `script` in one go and gives everything that came back until the peer closed. */
function talk(port: number, script: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' })
    let heard = ''
    socket.setEncoding('latin1')
    socket.on('data', (chunk) => {
      heard += String(chunk)
    })
    socket.on('close', () => resolve(heard))
    socket.on('error', (error) => (heard === '' ? reject(error) : undefined))
    socket.setTimeout(5000, () => socket.destroy(new Error(`no end after: ${heard}`)))
    socket.write(script, 'latin1')
  })
}

/** Waits until the socket has said `wanted` parts. */
function expectReply(socket: Socket, wanted: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = ''
    const onData = (chunk: Buffer): void => {
      heard += chunk.toString('latin1')
      if (!wanted.test(heard)) return
      socket.off('data', onData)
      resolve(heard)
    }
    socket.on('data', onData)
    socket.once('error', reject)
  })
}

const transaction = (id: string, recipients: readonly string[], extra = ''): string =>
  `MAIL FROM:<a@sender.test>\r\n${recipients.map((to) => `RCPT TO:<${to}>\r\n`).join('')}DATA\r\nMessage-ID: <${id}>\r\n${extra}\r\nhello\r\n.\r\n`

const codes = (heard: string): string[] =>
  heard
    .split('\r\n')
    .filter((line) => /^\d{3} /.test(line))
    .map((line) => line.slice(0, 3))

function journalFile(): string {
  return join(mkdtempSync(join(tmpdir(), 'bulkhead-sink-')), 'journal')
}

const journalled = (file: string): string[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t').slice(1).join(' '))

describe('the sink', () => {
  it('journals exactly the recipients it answered 250 for, and nothing else', async () => {
    const journal = journalFile()
    await using sink = await startSink({ journal })
    sink.behave({
      rules: [
        { at: 'rcpt', recipient: '*@no.test', reply: '550 5.1.1 no such user' },
        { at: 'dot', recipient: 'later@*', reply: '451 4.7.1 try later' },
      ],
    })
    const heard = await talk(
      sink.port,
      `EHLO x\r\n${transaction('1@x', ['a@b.test', 'c@no.test', 'd@b.test'])}${transaction('2@x', ['later@b.test'])}${transaction('3@x', ['e@b.test'], 'X-Bulkhead-Message: msg_3\r\n')}QUIT\r\n`,
    )
    expect(codes(heard).join(' ')).toBe('220 250 250 250 550 250 354 250 250 250 354 451 250 250 354 250 221')
    expect(journalled(journal)).toEqual(['<1@x> a@b.test', '<1@x> d@b.test', 'msg_3 e@b.test'])
    expect(sink.stats()).toMatchObject({ messages: 2, recipients: 3, refused: 2, duplicates: 0 })
  })

  property.prop([fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 })], { numRuns: 30 })(
    'counts the same however the bytes are cut into packets',
    async (cuts) => {
      await using sink = await startSink({ controlPort: null })
      const script = `EHLO x\r\n${transaction('1@x', ['a@b.test'])}MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n.\r\n${transaction('2@x', ['a@b.test'])}QUIT\r\n`
      const socket = connect({ port: sink.port, host: '127.0.0.1', noDelay: true })
      const end = expectReply(socket, /221 /)
      let at = 0
      for (const cut of cuts) {
        socket.write(script.slice(at, at + cut), 'latin1')
        at += cut
        await new Promise((resolve) => setImmediate(resolve))
      }
      socket.write(script.slice(at), 'latin1')
      await end
      expect(sink.stats()).toMatchObject({ messages: 3, recipients: 3, refused: 0 })
    },
  )

  it('counts signatures, and a second copy of a message to the same recipient as a duplicate', async () => {
    await using sink = await startSink({ keep: 2 })
    const signed = 'DKIM-Signature: v=1; a=rsa-sha256\r\ndkim-signature: v=1; a=ed25519-sha256\r\n'
    const stuffed = transaction('1@x', ['a@b.test'], signed).replace('hello', '..hello\r\n..')
    await talk(sink.port, `EHLO x\r\n${stuffed}${stuffed}${transaction('1@x', ['z@b.test'])}QUIT\r\n`)
    expect(sink.stats()).toMatchObject({ messages: 3, signedMessages: 2, dkimSignatures: 4, duplicates: 1 })
    expect(sink.messages()).toHaveLength(2)
    expect(sink.messages()[0]?.raw.toString()).toBe(`Message-ID: <1@x>\r\n${signed}\r\n.hello\r\n.\r\n`)
  })

  it.each([
    ['banner', '', 0],
    ['ehlo', '220', 0],
    ['mail', '220 250', 0],
    ['rcpt', '220 250 250', 0],
    ['data', '220 250 250 250', 0],
    ['body', '220 250 250 250 354', 0],
    ['dot', '220 250 250 250 354', 0],
    ['replied', '220 250 250 250 354 250', 1],
  ])('drops the connection at %s and accepted only what it says', async (at, heard, accepted) => {
    const journal = journalFile()
    await using sink = await startSink({ journal })
    sink.behave({ rules: [{ at, action: 'drop', times: 1 }] })
    const script = `EHLO x\r\n${transaction('1@x', ['a@b.test'])}${transaction('2@x', ['a@b.test'])}QUIT\r\n`
    expect(codes(await talk(sink.port, script)).join(' ')).toBe(heard)
    expect(journalled(journal)).toHaveLength(accepted)
    expect(sink.stats()).toMatchObject({ messages: accepted, ruleActed: [1] })
    expect(codes(await talk(sink.port, script)).at(-1)).toBe('221')
    expect(journalled(journal)).toHaveLength(accepted + 2)
  })

  it('can accept and journal a message whose 250 never goes out', async () => {
    const journal = journalFile()
    await using sink = await startSink({ journal })
    sink.behave({ rules: [{ at: 'dot', action: 'accept-and-drop' }] })
    expect(codes(await talk(sink.port, `EHLO x\r\n${transaction('1@x', ['a@b.test'])}`)).at(-1)).toBe('354')
    expect(journalled(journal)).toEqual(['<1@x> a@b.test'])
  })

  it('closes after a 421, answers late on a delay, and never answers when silent', async () => {
    await using sink = await startSink()
    sink.behave({ rules: [{ at: 'mail', reply: '421 4.7.0 too many' }] })
    expect(codes(await talk(sink.port, 'EHLO x\r\nMAIL FROM:<a@b.test>\r\nQUIT\r\n')).join(' ')).toBe(
      '220 250 421',
    )
    sink.behave({ rules: [{ at: 'ehlo', delayMs: 120 }] })
    const start = performance.now()
    expect(codes(await talk(sink.port, `EHLO x\r\n${transaction('1@x', ['a@b.test'])}QUIT\r\n`)).at(-1)).toBe(
      '221',
    )
    expect(performance.now() - start).toBeGreaterThan(110)
    sink.behave({ rules: [{ at: 'data', action: 'silence' }] })
    const socket = connect({ port: sink.port, host: '127.0.0.1' })
    socket.write(`EHLO x\r\n${transaction('2@x', ['a@b.test'])}QUIT\r\n`)
    expect(codes(await expectReply(socket, /2\.1\.5/)).join(' ')).toBe('220 250 250 250')
    const more = await Promise.race([
      expectReply(socket, /./),
      new Promise((resolve) => setTimeout(resolve, 100, 'nothing')),
    ])
    expect(more).toBe('nothing')
    socket.destroy()
    expect(sink.stats()).toMatchObject({ messages: 1 })
  })

  it('acts on the share of messages that the rule names', async () => {
    let turn = 0
    await using sink = await startSink({ random: () => (turn++ % 10) / 10 })
    sink.behave({ rules: [{ at: 'dot', percent: 30, reply: '451 4.3.0 later' }] })
    const script = Array.from({ length: 100 }, (_, i) => transaction(`${i}@x`, ['a@b.test'])).join('')
    await talk(sink.port, `EHLO x\r\n${script}QUIT\r\n`)
    expect(sink.stats()).toMatchObject({ messages: 70, refused: 30, ruleActed: [30] })
  })

  it('speaks TLS after STARTTLS, asks for it when told to, and drops commands injected before it', async () => {
    await using sink = await startSink({ requireTls: true, tls: true })
    const plain = connect({ port: sink.port, host: '127.0.0.1' })
    await expectReply(plain, /220 /)
    plain.write('EHLO x\r\nMAIL FROM:<a@b.test>\r\n')
    expect(await expectReply(plain, /530 /)).toContain('STARTTLS')
    plain.write('STARTTLS\r\nRSET\r\n')
    await expectReply(plain, /220 /)
    const secure = tlsConnect({ socket: plain, rejectUnauthorized: false })
    const done = expectReply(secure, /221 /)
    secure.write(`EHLO x\r\n${transaction('1@x', ['a@b.test'])}QUIT\r\n`)
    expect(codes(await done).join(' ')).toBe('250 250 250 354 250 221')
    expect(sink.stats()).toMatchObject({ messages: 1, tlsConnections: 1, injectedCommands: 1 })
  })

  it('is driven over its control port and says what is wrong with a rule', async () => {
    const sink = await startSink({ keep: 1 })
    const base = `http://127.0.0.1:${sink.controlPort}`
    const post = (path: string, body?: unknown) =>
      fetch(base + path, { method: 'POST', body: JSON.stringify(body ?? {}) })
    const wrong = await post('/behave', { rules: [{ at: 'dinner' }] })
    expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining('rules[0].at')])
    expect((await post('/behave', { rules: [] })).status).toBe(200)
    await talk(sink.port, `EHLO x\r\n${transaction('1@x', ['a@b.test'])}QUIT\r\n`)
    const kept: unknown = await (await fetch(`${base}/messages?last=1`)).json()
    expect(kept).toMatchObject([{ from: 'a@sender.test', recipients: ['a@b.test'], tls: false }])
    expect(await (await fetch(`${base}/stats`)).json()).toMatchObject({ messages: 1 })
    await post('/reset')
    expect(sink.stats()).toMatchObject({ messages: 0, recipients: 0 })
    await post('/quit')
    await sink.stop()
    await expect(talk(sink.port, '')).rejects.toThrow()
  })
})

describe('the sink’s rules', () => {
  it('match a pattern as a regular expression would', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ab*]{0,8}$/), fc.stringMatching(/^[ab]{0,10}$/), (pattern, text) => {
        const expected = new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(text)
        expect(matchesPattern(pattern, text)).toBe(expected)
      }),
    )
  })

  it.each([
    [{}, 'rules must be'],
    [{ rules: [{ at: 'dot', action: 'reply' }] }, 'reply is needed'],
    [{ rules: [{ at: 'body', reply: '550 no' }] }, 'no reply at body'],
    [{ rules: [{ at: 'mail', action: 'accept-and-drop' }] }, 'belongs to dot'],
    [{ rules: [{ at: 'dot', percent: 101 }] }, 'percent'],
    [{ rules: [{ at: 'dot', reply: '550 no\r\n250 yes' }] }, 'reply must be'],
    [{ rules: [{ at: 'dot', when: 'now' }] }, 'when is not known'],
  ])('refuse %j', (rules, message) => {
    expect(() => parseRules(rules)).toThrow(message)
  })

  it('unstuff what a client stuffed', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a.]{0,4}$/), { maxLength: 8 }), (lines) => {
        const text = lines.map((line) => `${line}\r\n`).join('')
        const stuffed = lines.map((line) => `${line.startsWith('.') ? '.' : ''}${line}\r\n`).join('')
        expect(unstuff(Buffer.from(stuffed)).toString()).toBe(text)
      }),
    )
  })
})
