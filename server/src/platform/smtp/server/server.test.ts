import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CAPTURE, eventually, OPEN, RawClient, startServer } from './fixture.test-support.ts'

const START = 'EHLO c\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\nDATA\r\n'

async function trickle(client: RawClient, text: string, everyMs: number): Promise<string> {
  const timer = setInterval(() => client.socket.writable && client.write(text), everyMs)
  const all = await client.end()
  clearInterval(timer)
  return all
}

describe('a transaction', () => {
  it('answers each command with exact replies and hands over the exact content', async () => {
    await using running = await startServer()
    const client = await RawClient.plain(running.port)
    expect(await client.reply()).toBe('220 mx.example.test ESMTP\r\n')
    expect(await client.ask('EHLO client.test\r\n')).toBe(
      '250-mx.example.test\r\n250-PIPELINING\r\n250-SIZE 26214400\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n',
    )
    expect(await client.ask('MAIL FROM:<a@x.test> SIZE=20 BODY=8BITMIME\r\n')).toBe('250 2.1.0 Sender OK\r\n')
    expect(await client.ask('RCPT TO:<b@y.test>\r\n')).toBe('250 2.1.5 Recipient OK\r\n')
    expect(await client.ask('data\r\n')).toBe('354 End data with <CR><LF>.<CR><LF>\r\n')
    expect(await client.ask('Subject: h\u00e9\r\n\r\n..dot\r\n...\r\n.x\r\n\r\n.\r\n')).toBe(
      '250 2.0.0 Queued\r\n',
    )
    expect(await client.ask('VRFY b\r\n')).toMatch(/^252 2\.0\.0 /)
    expect(await client.ask('NOOP\r\n')).toBe('250 2.0.0 OK\r\n')
    client.write('QUIT\r\n')
    expect(await client.end()).toMatch(/221 2\.0\.0 Bye\r\n$/)
    const [message] = running.messages
    expect(message?.raw.toString('latin1')).toBe('Subject: h\u00e9\r\n\r\n.dot\r\n..\r\nx\r\n\r\n')
    expect(message).toMatchObject({ body8bit: true, smtputf8: false, longestLineBytes: 11 })
    expect(message?.from.parameters).toEqual(
      new Map([
        ['SIZE', '20'],
        ['BODY', '8BITMIME'],
      ]),
    )
    expect(running.logged.join('')).not.toMatch(/x\.test|y\.test|Subject|client/)
  })

  it('takes a whole pipelined session in one packet, and an empty message', async () => {
    await using running = await startServer()
    const client = await RawClient.plain(running.port)
    client.write(`${START}.\r\nMAIL FROM:<>\r\nRCPT TO:<Postmaster>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n`)
    const codes = (await client.end()).match(/^\d{3} /gm)
    expect(codes).toEqual([
      '220 ',
      '250 ',
      '250 ',
      '250 ',
      '354 ',
      '250 ',
      '250 ',
      '250 ',
      '354 ',
      '250 ',
      '221 ',
    ])
    expect(running.messages.map((message) => [message.from.address, message.raw.toString()])).toEqual([
      ['a@x.test', ''],
      ['', 'hi\r\n'],
    ])
  })

  it('passes nothing on when the client vanishes before the final dot', async () => {
    await using running = await startServer()
    const client = await RawClient.plain(running.port)
    client.write(`${START}half a message\r\n`)
    await client.until(/354/)
    client.socket.end('.\r')
    await client.end()
    await eventually(() => running.server.connections() === 0)
    expect(running.messages).toEqual([])
  })

  it('still answers a client that closed its side', async () => {
    await using running = await startServer()
    const client = await RawClient.plain(running.port)
    client.socket.end(`${START}hi\r\n.\r\n`)
    expect(await client.end()).toMatch(/250 2\.0\.0 Queued\r\n$/)
  })

  it('refuses commands out of order, and forgets the transaction at EHLO and RSET', async () => {
    await using running = await startServer()
    const client = await RawClient.plain(running.port)
    await client.reply()
    expect(await client.ask('MAIL FROM:<a@x.test>\r\n')).toMatch(/^503 5\.5\.1 /)
    await client.ask('EHLO c\r\n')
    expect(await client.ask('RCPT TO:<b@y.test>\r\n')).toMatch(/^503 5\.5\.1 /)
    await client.ask('MAIL FROM:<a@x.test>\r\n')
    expect(await client.ask('MAIL FROM:<a@x.test>\r\n')).toMatch(/^503 5\.5\.1 /)
    expect(await client.ask('DATA\r\n')).toMatch(/^554 5\.5\.1 /)
    await client.ask('RSET\r\n')
    expect(await client.ask('RCPT TO:<b@y.test>\r\n')).toMatch(/^503 /)
    await client.ask('MAIL FROM:<a@x.test>\r\n')
    await client.ask('HELO c\r\n')
    expect(await client.ask('RCPT TO:<b@y.test>\r\n')).toMatch(/^503 /)
    expect(await client.ask('AUTH PLAIN\r\n')).toMatch(/^502 5\.5\.1 /)
    expect(await client.ask('STARTTLS\r\n')).toMatch(/^502 5\.5\.1 /)
    expect(await client.ask('RSET now\r\n')).toMatch(/^501 5\.5\.4 /)
    expect(await client.ask('BDAT 3 LAST\r\n')).toMatch(/^502 5\.5\.1 /)
    expect(await client.ask('XYZZY\r\n')).toMatch(/^500 5\.5\.2 /)
    expect(await client.ask('NOOP \0\r\n')).toMatch(/^500 5\.5\.2 /)
    expect(await client.ask('EHLO\r\n')).toMatch(/^501 5\.5\.4 /)
    client.close()
  })
})

describe('smuggling', () => {
  const hidden = 'MAIL FROM:<evil@x.test>\r\nRCPT TO:<b@y.test>\r\nDATA\r\nevil\r\n.\r\n'
  for (const end of [
    '\n.\n',
    '\n.\r\n',
    '\r\n.\n',
    '\r.\r',
    '\r.\r\n',
    '\r\n.\r',
    '\r\n\0.\n',
    '\n\n.\r\n',
    '\r\r\n.\r\n',
  ])
    it(`takes ${JSON.stringify(end)} neither for an end of data nor for content`, async () => {
      await using running = await startServer()
      const client = await RawClient.plain(running.port)
      client.write(`${START}Subject: x${end}${hidden}QUIT\r\n`)
      expect(await client.end()).toMatch(/354 [^\n]*\n550 5\.6\.11 [^\n]*\n$/)
      expect(running.messages).toEqual([])
      expect(running.server.connections()).toBeLessThanOrEqual(1)
    })

  for (const line of ['NOOP\n', 'NOOP\rQUIT\r\n', 'NOOP\r\r\n', 'EHLO c\nMAIL FROM:<a@x.test>\r\n'])
    it(`refuses the command ${JSON.stringify(line)} and closes`, async () => {
      await using running = await startServer()
      const client = await RawClient.plain(running.port)
      client.write(line)
      expect(await client.end()).toMatch(/^220 [^\n]*\n550 5\.6\.11 [^\n]*\n$/)
    })

  it('closes at once on HTTP and on TLS to a clear-text port', async () => {
    await using running = await startServer()
    for (const bytes of [
      'POST / HTTP/1.1\r\nHost: x\r\n\r\nMAIL FROM:<a@x.test>\r\n',
      '\u0016\u0003\u0001\u0002',
    ]) {
      const client = await RawClient.plain(running.port)
      client.write(bytes)
      expect(await client.end()).toMatch(/^220 [^\n]*\n554 5\.5\.1 [^\n]*\n$/)
    }
  })
})

describe('bounds', () => {
  it('refuses a declared size at MAIL and an actual one after the final dot, and goes on', async () => {
    await using running = await startServer({ limits: { messageBytes: 1_000 } })
    const client = await RawClient.plain(running.port)
    await client.reply()
    await client.ask('EHLO c\r\n')
    expect(await client.ask('MAIL FROM:<a@x.test> SIZE=1001\r\n')).toMatch(/^552 5\.3\.4 /)
    await client.ask('MAIL FROM:<a@x.test>\r\n')
    await client.ask('RCPT TO:<b@y.test>\r\n')
    await client.ask('DATA\r\n')
    expect(await client.ask(`${'x'.repeat(600)}\r\n${'y'.repeat(600)}\r\n.\r\n`)).toMatch(/^552 5\.3\.4 /)
    await client.ask('MAIL FROM:<a@x.test>\r\n')
    await client.ask('RCPT TO:<b@y.test>\r\n')
    await client.ask('DATA\r\n')
    expect(await client.ask(`${'x'.repeat(998)}\r\n.\r\n`)).toMatch(/^250 /)
    client.close()
    expect(running.messages.map((message) => message.raw.length)).toEqual([1_000])
  })

  it('refuses NUL and endless lines in content, and content for which there is no memory', async () => {
    await using running = await startServer({ limits: { dataLineBytes: 2_000, bufferedBytes: 20_000 } })
    const client = await RawClient.plain(running.port)
    await client.reply()
    const send = async (content: string): Promise<string> => {
      await client.ask('EHLO c\r\n')
      await client.ask('MAIL FROM:<a@x.test>\r\n')
      await client.ask('RCPT TO:<b@y.test>\r\n')
      await client.ask('DATA\r\n')
      return client.ask(`${content}\r\n.\r\n`)
    }
    expect(await send('a\0b')).toMatch(/^554 5\.6\.0 NUL/)
    expect(await send('a'.repeat(2_001))).toMatch(/^554 5\.6\.0 A line/)
    expect(await send(`${'a'.repeat(998)}\r\n`.repeat(40))).toMatch(/^452 4\.3\.1 /)
    for (let round = 0; round < 10; round++) expect(await send('a'.repeat(2_000))).toMatch(/^250 /)
    client.close()
  })

  it('lets no client hold the memory for content of all', async () => {
    await using running = await startServer({
      limits: { bufferedBytes: 400_000, bufferedBytesPerAddress: 100_000 },
    })
    const line = `${'x'.repeat(998)}\r\n`
    const begin = async (from: string): Promise<RawClient> => {
      const client = await RawClient.plain(running.port, from)
      await client.reply()
      for (const command of ['EHLO c', 'MAIL FROM:<a@x.test>', 'RCPT TO:<b@y.test>', 'DATA'])
        await client.ask(`${command}\r\n`)
      return client
    }
    // Content without an end, as a slow client has it for minutes.
    const slow = await Promise.all(Array.from({ length: 8 }, () => begin('127.0.0.1')))
    for (const client of slow) client.write(line.repeat(60))
    const again = await begin('127.0.0.1')
    expect(await again.ask(`${line.repeat(60)}.\r\n`)).toMatch(/^452 4\.3\.1 /)
    const other = await begin('127.0.0.2')
    expect(await other.ask(`${line.repeat(60)}.\r\n`)).toMatch(/^250 /)
    for (const client of [...slow, again, other]) client.close()
    // What a client held is free again when it is gone.
    await expect
      .poll(async () => {
        const client = await begin('127.0.0.1')
        const answer = await client.ask(`${line.repeat(60)}.\r\n`)
        client.close()
        return answer.slice(0, 3)
      })
      .toBe('250')
  })

  it('answers 500 to a long line, skips it, and 421 when errors are used up', async () => {
    await using running = await startServer({ limits: { commandLineBytes: 512, errors: 3 } })
    const client = await RawClient.plain(running.port)
    await client.reply()
    expect(await client.ask(`NOOP ${'x'.repeat(2_000)}\r\n`)).toMatch(/^500 5\.5\.2 Line too long/)
    expect(await client.ask(`NOOP ${'x'.repeat(505)}\r\n`)).toMatch(/^250 /)
    expect(await client.ask(`NOOP ${'x'.repeat(506)}\r\n`)).toMatch(/^500 /)
    expect(await client.ask('X\r\n')).toMatch(/^500 /)
    client.write('X\r\n')
    expect(await client.end()).toMatch(/500 [^\n]*\n421 4\.7\.0 Too many errors\r\n$/)
  })

  it('ends idle repetition, counts recipients, and cuts connections at the limits', async () => {
    await using running = await startServer({
      limits: { recipients: 2, connectionsPerAddress: 2, errors: 5, commandTimeoutMs: 60_000 },
    })
    const client = await RawClient.plain(running.port)
    await client.reply()
    await client.ask('EHLO c\r\n')
    await client.ask('MAIL FROM:<a@x.test>\r\n')
    await client.ask('RCPT TO:<b@y.test>\r\nRCPT TO:<c@y.test>\r\n')
    expect(
      await client.ask('RCPT TO:<d@y.test>\r\n').then(() => client.until(/452 4\.5\.3 .*\r\n/)),
    ).toBeTruthy()
    const second = await RawClient.plain(running.port)
    await second.reply()
    const third = await RawClient.plain(running.port)
    expect(await third.end()).toBe('421 4.7.0 Too many connections, try again later\r\n')
    second.close()
    await eventually(() => running.server.connections() === 1)
    client.write('NOOP\r\n'.repeat(200))
    expect(await client.end()).toMatch(/421 4\.7\.0 Too many errors\r\n$/)
  })

  it('cuts a command that trickles, data that stalls and data that trickles', async () => {
    await using running = await startServer({
      limits: { commandTimeoutMs: 300, dataTimeoutMs: 200, dataMinBytesPerSecond: 1_000 },
    })
    const slow = await RawClient.plain(running.port)
    const stalled = await RawClient.plain(running.port)
    const dripping = await RawClient.plain(running.port)
    stalled.write(START)
    dripping.write(START)
    const [one, two, three] = await Promise.all([
      trickle(slow, 'N', 20),
      stalled.end(),
      trickle(dripping, 'd', 20),
    ])
    expect(one).toMatch(/421 4\.4\.2 Timeout waiting for a command\r\n$/)
    expect(two).toMatch(/421 4\.4\.2 Timeout waiting for message data\r\n$/)
    expect(three).toMatch(/421 4\.4\.2 Message data arrives too slowly\r\n$/)
  })

  it('destroys a peer that sends commands and never reads the answers', async () => {
    await using running = await startServer({ limits: { commandTimeoutMs: 300, errors: 10_000_000 } })
    const client = await RawClient.plain(running.port)
    await client.reply()
    client.socket.pause()
    client.write('NOOP\r\n'.repeat(2_000_000))
    await eventually(() => running.server.connections() === 0)
    client.close()
  })
})

describe('handlers', () => {
  it('turns a throw into 451 and a log line without its text, and goes on', async () => {
    let fail = true
    await using running = await startServer({
      handler: {
        async mail() {
          if (fail) throw new TypeError('secret a@x.test')
        },
        recipient() {
          throw new Error('at once')
        },
      },
    })
    const client = await RawClient.plain(running.port)
    await client.reply()
    await client.ask('EHLO c\r\n')
    expect(await client.ask('MAIL FROM:<a@x.test>\r\n')).toMatch(/^451 4\.3\.0 /)
    fail = false
    expect(await client.ask('MAIL FROM:<a@x.test>\r\n')).toMatch(/^250 /)
    expect(await client.ask('RCPT TO:<a@x.test>\r\n')).toMatch(/^451 4\.3\.0 /)
    client.close()
    expect(running.logged.join('')).toContain('TypeError')
    expect(running.logged.join('')).not.toMatch(/secret|x\.test|at once/)
  })

  it('never lets a reply text inject a reply', async () => {
    await using running = await startServer({
      handler: {
        async mail() {
          return { code: 550, enhanced: '5.7.1', text: 'no\r\n250 2.0.0 yes\u2028é\0' }
        },
        async recipient() {
          return { code: 354, text: 'go' }
        },
      },
    })
    const client = await RawClient.plain(running.port)
    await client.reply()
    await client.ask('EHLO c\r\n')
    expect(await client.ask('MAIL FROM:<a@x.test>\r\n')).toBe(
      '550-5.7.1 no\r\n550 5.7.1 250 2.0.0 yes???\r\n',
    )
    client.close()
  })

  it('says 250 only when the handler did, reads nothing meanwhile, and keeps the order', async () => {
    const gate = Promise.withResolvers<void>()
    await using running = await startServer({
      handler: {
        async message() {
          await gate.promise
          return { code: 451, enhanced: '4.3.1', text: 'full' }
        },
      },
    })
    const client = await RawClient.plain(running.port)
    client.write(`${START}hi\r\n.\r\n`)
    await client.until(/354/)
    client.write('NOOP\r\n'.repeat(8_000_000))
    // The kernel takes some megabytes; the rest of the 48 stays with the client and does not shrink any more.
    let waiting = -1
    let still = 0
    await eventually(() => {
      still = client.socket.writableLength === waiting ? still + 1 : 0
      waiting = client.socket.writableLength
      return still > 20
    })
    expect(client.received).toMatch(/354 [^\n]*\n$/)
    expect(waiting).toBeGreaterThan(24_000_000)
    gate.resolve()
    await client.until(/354 [^\n]*\n451 4\.3\.1 full\r\n250 2\.0\.0 OK\r\n/)
    client.close()
  })

  it('counts a peer that left until its handler is done, and waits for the handler on close', async () => {
    const gate = Promise.withResolvers<void>()
    const running = await startServer({
      handler: {
        async message() {
          await gate.promise
          return { code: 250, text: 'ok' }
        },
      },
    })
    const client = await RawClient.plain(running.port)
    client.write(`${START}hi\r\n.\r\n`)
    await client.until(/354/)
    client.socket.resetAndDestroy()
    let closed = false
    const closing = running.server.close({ graceMs: 10_000 }).then(() => {
      closed = true
    })
    await eventually(() => running.logged.some((line) => line.includes('connection closed')))
    expect(running.server.connections()).toBe(1)
    expect(closed).toBe(false)
    gate.resolve()
    await closing
    expect(running.server.connections()).toBe(0)
  })

  it('does not wait longer than the grace for a handler that never ends', async () => {
    const running = await startServer({ handler: { mail: () => new Promise(() => {}) } })
    const client = await RawClient.plain(running.port)
    client.write('EHLO c\r\nMAIL FROM:<a@x.test>\r\n')
    await client.until(/250 SMTPUTF8/)
    await running.server.close({ graceMs: 50 })
    await client.end()
    expect(client.received).toMatch(/250 SMTPUTF8\r\n$/)
  })

  it('refuses at connect with the handler’s reply', async () => {
    await using running = await startServer({
      handler: {
        async connect(peer) {
          return { code: 554, enhanced: '5.7.1', text: `not ${peer.listener}` }
        },
      },
    })
    const client = await RawClient.plain(running.port)
    expect(await client.end()).toBe('554 5.7.1 not inbound\r\n')
  })
})

describe('listening', () => {
  it('serves a UNIX socket, replaces the file of a killed process, and refuses one that is in use', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'smtp-')), 's.sock')
    const child = spawn(process.execPath, [
      '-e',
      `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`,
    ])
    await once(child.stdout, 'data')
    await expect(startServer({ listener: { ...OPEN, path } })).rejects.toThrow('EADDRINUSE')
    child.kill('SIGKILL')
    await once(child, 'exit')
    await using running = await startServer({ listener: { ...OPEN, path } })
    const socket = connect({ path })
    const [greeting] = (await once(socket, 'data')) as [Buffer]
    expect(greeting.toString()).toBe('220 mx.example.test ESMTP\r\n')
    socket.destroy()
    expect(running.port).toBe(0)
  })

  it('keeps 1,000 idle connections, turns the next away, and answers again when one leaves', async () => {
    await using running = await startServer({ limits: { connections: 1_000, connectionsPerAddress: 2_000 } })
    const clients: RawClient[] = []
    for (let count = 0; count < 1_000; count++) clients.push(await RawClient.plain(running.port))
    await Promise.all(clients.map((client) => client.reply()))
    expect(running.server.connections()).toBe(1_000)
    const refused = await RawClient.plain(running.port)
    expect(await refused.end()).toMatch(/^421 4\.7\.0 /)
    clients[0]!.close()
    await eventually(() => running.server.connections() === 999)
    const accepted = await RawClient.plain(running.port)
    expect(await accepted.reply()).toMatch(/^220 /)
    for (const client of [...clients, accepted]) client.close()
  })
})

describe('ending', () => {
  const login = `AUTH PLAIN ${Buffer.from('\0ann\0secret').toString('base64')}\r\n`

  it('ends the sessions of a revoked credential, also while its AUTH is in flight', async () => {
    const gate = Promise.withResolvers<void>()
    let slow = false
    await using running = await startServer({
      listener: CAPTURE,
      handler: {
        async authenticate() {
          if (slow) await gate.promise
          return { ok: true, session: 'ann' }
        },
      },
    })
    const client = await RawClient.plain(running.port)
    await client.reply()
    await client.ask('EHLO c\r\n')
    expect(await client.ask(login)).toMatch(/^235 /)
    slow = true
    const late = await RawClient.plain(running.port)
    await late.reply()
    await late.ask('EHLO c\r\n')
    late.write(login)
    await eventually(() => running.server.connections() === 2)
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    expect(running.server.closeSessions((session) => session === 'bob')).toBe(0)
    await client.ask('NOOP\r\n')
    expect(running.server.closeSessions((session) => session === 'ann')).toBe(1)
    expect(await client.end()).toMatch(/421 4\.7\.0 The credential was revoked\r\n$/)
    gate.resolve()
    expect(await late.end()).toMatch(/421 4\.7\.0 The credential was revoked\r\n$/)
  })

  it('lets a transaction finish on close, and ends idle sessions at once', async () => {
    const running = await startServer({ listener: OPEN })
    const idle = await RawClient.plain(running.port)
    await idle.reply()
    const working = await RawClient.plain(running.port)
    await working.reply()
    working.write(START)
    await working.until(/354/)
    const closed = running.server.close({ graceMs: 5_000 })
    expect(await idle.end()).toMatch(/421 4\.3\.2 /)
    idle.close()
    working.write('hi\r\n.\r\n')
    expect(await working.end()).toMatch(/250 2\.0\.0 Queued\r\n421 4\.3\.2 [^\n]*\n$/)
    working.close()
    await closed
    expect(running.messages).toHaveLength(1)
    await expect(RawClient.plain(running.port)).rejects.toThrow('ECONNREFUSED')
  })
})
