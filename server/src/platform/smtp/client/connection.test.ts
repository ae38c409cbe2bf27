import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ScriptedPeer } from '../../../../test/support/scripted-smtp.ts'
import { run, serve } from '../../../../test/support/smtp-run.ts'
import type { Job } from '../../../../test/support/smtp-run.ts'

const boom = () => {
  throw new Error('boom')
}
const accept = async (p: ScriptedPeer) => {
  await p.greet('PIPELINING')
  await serve(p)
}

const envelopeThen = (then: (p: ScriptedPeer) => void) => async (p: ScriptedPeer) => {
  await p.greet('PIPELINING')
  await p.until('DATA\r\n')
  then(p)
}
const contentThen = (then: (p: ScriptedPeer) => void) => async (p: ScriptedPeer) => {
  await p.greet('PIPELINING')
  await p.acceptContent()
  await p.until('DATA\r\n')
  then(p)
}

describe('pipelining', () => {
  it('sends content, final dot and the next envelope in one write: one round trip per message', async () => {
    const { kinds, peer, order } = await run(
      async (p) => {
        await p.greet('PIPELINING')
        await p.until('DATA\r\n')
        expect(p.arrivals[1]).toBe('MAIL FROM:<from@example.com>\r\nRCPT TO:<to1@example.net>\r\nDATA\r\n')
        p.send('250 a\r\n250 b\r\n354 c\r\n')
        await p.until('DATA\r\n')
        p.send('250 queued\r\n250 a\r\n250 b\r\n354 c\r\n')
        await p.until('\r\n.\r\n')
        p.send('250 queued\r\n')
        await p.until('QUIT\r\n')
        p.send('221 bye\r\n')
      },
      [1, 2],
    )
    expect(kinds).toEqual(['1 delivered', '2 delivered'])
    expect(peer?.arrivals[2]).toBe(
      'Subject: 1\r\n\r\nbody 1\r\n.\r\nMAIL FROM:<from@example.com>\r\nRCPT TO:<to2@example.net>\r\nDATA\r\n',
    )
    expect(order).toEqual(['pull 1', 'pull 2', 'dot 1', 'outcome 1', 'dot 2', 'outcome 2'])
  })

  it('is not used where the peer does not announce it: one command per round trip', async () => {
    const { kinds, peer } = await run(
      async (p) => {
        await p.greet('8BITMIME')
        await serve(p)
      },
      [1, 2],
    )
    expect(kinds).toEqual(['1 delivered', '2 delivered'])
    expect(peer?.arrivals.every((arrival) => /^[A-Z][^\r]*\r\n$|\r\n\.\r\n$/.test(arrival))).toBe(true)
    expect(peer?.received).not.toContain('RSET')
  })

  it('greets a server that knows no EHLO with HELO', async () => {
    const { kinds } = await run(
      async (p) => {
        p.send('220 old\r\n')
        await p.line()
        p.send('500 what\r\n')
        expect(await p.line()).toBe('HELO client.test\r\n')
        p.send('250 hello\r\n')
        await serve(p)
      },
      [1],
    )
    expect(kinds).toEqual(['1 delivered'])
  })

  it('resets only after a refusal that left a sender behind', async () => {
    const { kinds, peer, outcomes } = await run(
      async (p) => {
        await p.greet('PIPELINING')
        await p.until('DATA\r\n')
        p.send('250 a\r\n550 5.1.1 unknown\r\n503 no recipient\r\n')
        await p.until('DATA\r\n')
        p.send('250 reset\r\n451 4.7.1 no\r\n503 x\r\n503 x\r\n')
        await p.until('DATA\r\n')
        p.send('250 a\r\n250 b\r\n354 c\r\n')
        await p.until('\r\n.\r\n')
        p.send('554 5.7.1 spam\r\n')
        await p.until('QUIT\r\n')
        p.send('221 bye\r\n')
      },
      [1, 2, 3],
    )
    expect(kinds).toEqual(['1 bounced', '2 deferred', '3 bounced'])
    expect(outcomes.map(({ outcome }) => ('stage' in outcome ? outcome.stage : ''))).toEqual([
      'rcpt',
      'mail',
      'dot',
    ])
    expect(peer?.received.match(/RSET/g)).toHaveLength(1)
    expect(outcomes[0]?.outcome).toMatchObject({ reply: { code: 550, enhanced: '5.1.1', text: 'unknown' } })
  })

  it('ends DATA that was accepted without a recipient with a lone dot, and sends no content', async () => {
    const { kinds, peer } = await run(
      async (p) => {
        await p.greet('PIPELINING')
        await p.until('DATA\r\n')
        p.send('250 a\r\n550 no\r\n354 c\r\n')
        expect(await p.until('.\r\n')).toBe('.\r\n')
        p.send('554 no valid recipients\r\n')
        await serve(p)
      },
      [1, 2],
    )
    expect(kinds).toEqual(['1 bounced', '2 delivered'])
    expect(peer?.received).not.toContain('body 1')
  })

  it('leaves a server that takes the empty message after refusing the recipient', async () => {
    const { kinds, reason, left } = await run(
      async (p) => {
        await p.greet('PIPELINING')
        await p.until('DATA\r\n')
        p.send('250 a\r\n550 no\r\n354 c\r\n')
        await p.until('.\r\n')
        p.send('250 queued\r\n')
      },
      [1, 2],
    )
    expect(kinds).toEqual(['1 bounced'])
    expect([reason.kind, left]).toEqual(['failed', 1])
  })

  it('sends 3 MB block by block and says the dot only at the end', async () => {
    const line = Buffer.from(`.${'x'.repeat(75)}\r\n`)
    const chunks = [Buffer.concat(Array.from({ length: 40_000 }, () => line))]
    const { kinds, peer, order } = await run(
      async (p) => {
        await p.greet('PIPELINING')
        await serve(p)
      },
      [{ n: 1, chunks, bytes: 3_120_000 }, 2],
    )
    expect(kinds).toEqual(['1 delivered', '2 delivered'])
    expect(peer?.received.match(/^\.\.x/gm)).toHaveLength(40_000)
    expect(order.indexOf('pull 2')).toBeLessThan(order.indexOf('outcome 1'))
  })
})

describe('what is known when the connection dies', () => {
  const cases: [string, (p: ScriptedPeer) => Promise<void>, string[]][] = [
    ['closed after the envelope', envelopeThen((p) => p.socket.end()), ['1 unattempted']],
    ['reset after the envelope', envelopeThen((p) => p.reset()), ['1 unattempted']],
    ['421 to MAIL', envelopeThen((p) => p.socket.end('421 4.3.2 busy\r\n')), ['1 unattempted']],
    ['421 to RCPT', envelopeThen((p) => p.socket.end('250 a\r\n421 4.7.0 no\r\n')), ['1 deferred']],
    ['RCPT refused, then closed', envelopeThen((p) => p.socket.end('250 a\r\n550 no\r\n')), ['1 bounced']],
    ['silence after the envelope', envelopeThen(() => {}), ['1 unattempted']],
    ['junk', envelopeThen((p) => p.send('\x16\x03\x01 junk')), ['1 unattempted']],
    ['250 to DATA', envelopeThen((p) => p.send('250 a\r\n250 b\r\n250 c\r\n')), ['1 unattempted']],
    [
      'a reply too many',
      envelopeThen((p) => p.send('250 a\r\n250 b\r\n354 c\r\n250 d\r\n')),
      ['1 unattempted'],
    ],
    [
      'shifted replies after a refusal',
      envelopeThen((p) => p.send('250 a\r\n550 b\r\n250 c\r\n')),
      ['1 unattempted'],
    ],
    ['closed after the dot', contentThen((p) => p.socket.end()), ['1 uncertain', '2 unattempted']],
    ['reset after the dot', contentThen((p) => p.reset()), ['1 uncertain', '2 unattempted']],
    ['silence after the dot', contentThen(() => {}), ['1 uncertain', '2 unattempted']],
    ['junk after the dot', contentThen((p) => p.send('what?\r\n')), ['1 uncertain', '2 unattempted']],
    ['354 after the dot', contentThen((p) => p.send('354 again\r\n')), ['1 uncertain', '2 unattempted']],
    [
      '421 after the dot',
      contentThen((p) => p.send('421 4.3.2 shutdown\r\n')),
      ['1 deferred', '2 unattempted'],
    ],
    ['250, then closed', contentThen((p) => p.socket.end('250 ok\r\n')), ['1 delivered', '2 unattempted']],
    [
      '250, then 421',
      contentThen((p) => p.socket.end('250 ok\r\n421 enough\r\n')),
      ['1 delivered', '2 unattempted'],
    ],
    ['half a reply', contentThen((p) => p.socket.end('250 o')), ['1 uncertain', '2 unattempted']],
    ['mixed codes', contentThen((p) => p.send('250-a\r\n550 b\r\n')), ['1 uncertain', '2 unattempted']],
  ]
  it.each(cases)('%s', async (_name, script, expected) => {
    const { kinds, reason } = await run(script, [1, 2].slice(0, expected.length), {
      timeouts: { mailMs: 150, rcptMs: 150, dataMs: 150, dotMs: 150 },
    })
    expect(kinds).toEqual(expected)
    expect(['failed', 'peer-closed']).toContain(reason.kind)
  })

  it('a reply too many is noticed without PIPELINING too, before any content', async () => {
    const { kinds, order, peer } = await run(
      async (p) => {
        await p.greet('8BITMIME')
        await p.line()
        p.send('250 a\r\n250 b\r\n')
      },
      [1],
    )
    expect(kinds).toEqual(['1 unattempted'])
    expect(order).not.toContain('dot 1')
    expect(peer?.received).not.toContain('RCPT')
  })

  it('a peer that stops reading within large content never had the dot: unattempted', async () => {
    const chunks = [Buffer.alloc(40_000_000, 'x\r\n')]
    const { kinds, order } = await run(
      async (p) => {
        await p.greet('PIPELINING')
        await p.until('DATA\r\n')
        p.socket.pause()
        p.send('250 a\r\n250 b\r\n354 c\r\n')
      },
      [{ n: 1, chunks, bytes: 40_000_000 }],
      { timeouts: { blockMs: 200 } },
    )
    expect(kinds).toEqual(['1 unattempted'])
    expect(order).not.toContain('dot 1')
  })

  it('a refusal within large content is believed, and the dot is never sent', async () => {
    const chunks = [Buffer.alloc(40_000_000, 'x')]
    const { outcomes, order } = await run(
      async (p) => {
        await p.greet('PIPELINING')
        await p.until('DATA\r\n')
        p.socket.pause()
        p.send('250 a\r\n250 b\r\n354 c\r\n')
        setTimeout(() => p.send('552 5.3.4 too big\r\n'), 50)
      },
      [{ n: 1, chunks, bytes: 40_000_000 }],
    )
    expect(outcomes[0]?.outcome).toMatchObject({
      kind: 'bounced',
      stage: 'data',
      reply: { enhanced: '5.3.4' },
    })
    expect(order).not.toContain('dot 1')
  })

  it.each([
    ['then reads it all: delivered, once it is out', true, 'delivered'],
    ['then dies: uncertain, not delivered', false, 'uncertain'],
  ])('a peer accepts before the final dot has left and %s', async (_name, reads, expected) => {
    const directory = await mkdtemp(join(tmpdir(), 'smtp-'))
    const path = join(directory, 's')
    let readBytes = 0
    const server = createServer((socket) => {
      socket.write('220 x\r\n')
      socket.once('data', () => {
        socket.write('250-x\r\n250 PIPELINING\r\n')
        socket.once('data', () => {
          // A Unix socket holds less than 250 KB: the rest of the content stays with the client.
          socket.pause()
          socket.write('250 a\r\n250 b\r\n354 c\r\n')
          setTimeout(() => socket.write('250 queued\r\n'), 30)
          setTimeout(() => {
            if (!reads) {
              socket.destroy()
              return
            }
            socket.on('data', (chunk: Buffer) => {
              readBytes += chunk.length
            })
            socket.resume()
          }, 100)
        })
      })
      socket.on('error', () => {})
    })
    server.listen(path)
    await once(server, 'listening')
    let readAtOutcome = -1
    const result = Promise.withResolvers<string>()
    const { left } = await run(
      async () => {},
      [{ n: 1, chunks: [Buffer.alloc(250_000, 'x')], bytes: 250_000 }],
      {
        target: { path },
        onOutcome: (_job, [outcome]) => {
          readAtOutcome = readBytes
          result.resolve(outcome?.kind ?? 'none')
        },
      },
    )
    expect([await result.promise, left]).toEqual([expected, 0])
    if (reads) expect(readAtOutcome).toBeGreaterThan(0)
    server.close()
    await rm(directory, { recursive: true })
  })

  it('a trickle of bytes does not extend a deadline', async () => {
    const started = performance.now()
    const { kinds, reason } = await run(
      async (p) => {
        await p.greet('PIPELINING')
        await p.until('DATA\r\n')
        p.send('250')
        const drip = setInterval(() => p.send('-'), 20)
        await p.closed()
        clearInterval(drip)
      },
      [1],
      { timeouts: { mailMs: 200 } },
    )
    expect(kinds).toEqual(['1 unattempted'])
    expect(reason.cause).toMatch(/timeout|code/)
    expect(performance.now() - started).toBeLessThan(3000)
  })

  it('bounds a transaction over all its phases', async () => {
    const { kinds, reason } = await run(
      async (p) => {
        await p.greet()
        for (;;) {
          const line = await p.line()
          setTimeout(() => p.send(line === 'DATA\r\n' ? '354 go\r\n' : '250 ok\r\n'), 120)
        }
      },
      [1],
      { timeouts: { mailMs: 1000, rcptMs: 1000, dataMs: 1000, transactionMs: 200 } },
    )
    expect(kinds).toEqual(['1 unattempted'])
    expect(reason.cause).toContain('all phases')
  })
})

describe('life of a connection', () => {
  it('quits after the transaction limit and leaves the rest', async () => {
    const { kinds, reason, left } = await run(
      async (p) => {
        await p.greet('PIPELINING')
        await serve(p)
      },
      [1, 2, 3],
      { maxTransactions: 2 },
    )
    expect([kinds, reason.kind, left]).toEqual([['1 delivered', '2 delivered'], 'quit', 1])
  })

  it('wakes for more work, and a FIN while idle harms nothing', async () => {
    const jobs: Job[] = [{ n: 1 }]
    const outcomes: string[] = []
    let idle = 0
    const { reason } = await run(
      async (p) => {
        await p.greet('PIPELINING')
        for (let i = 0; i < 2; i++) {
          await p.acceptContent()
          p.send('250 ok\r\n')
        }
        p.socket.end()
      },
      [],
      {
        idleMs: 5000,
        pull: () => jobs.shift() ?? null,
        onOutcome: (job, all) => outcomes.push(...all.map(({ kind }) => `${job.n} ${kind}`)),
      },
      (connection) => ({
        onIdle: () => {
          if (idle++ > 0) return
          jobs.push({ n: 2 })
          connection.wake()
        },
      }),
    )
    expect(outcomes).toEqual(['1 delivered', '2 delivered'])
    expect(reason).toMatchObject({ kind: 'peer-closed', stage: 'idle' })
  })

  it('a connection that the peer closed while it was idle is no failure of the host', async () => {
    // The work comes in the moment after the server has closed: MAIL crosses the FIN, or meets the 421.
    for (const bye of ['', '421 4.4.2 idle too long\r\n']) {
      const jobs: Job[] = [{ n: 1 }]
      let wakes = 0
      const { outcomes, reason } = await run(
        async (p) => {
          await p.greet('PIPELINING')
          await p.acceptContent()
          p.send('250 ok\r\n')
          await p.until('DATA\r\n')
          p.socket.end(bye)
        },
        [],
        { idleMs: 5000, pull: () => jobs.shift() ?? null },
        (connection) => ({
          onIdle: () => {
            if (wakes++ > 0) return
            jobs.push({ n: 2 })
            connection.wake()
          },
        }),
      )
      expect(outcomes.map(({ outcome }) => outcome)).toMatchObject([
        { kind: 'delivered' },
        { kind: 'unattempted', stage: 'mail', stale: true },
      ])
      expect(reason.kind).toBe('peer-closed')
    }
  })

  it('a 421 that comes with the last reply ends the connection calmly, and costs no job', async () => {
    const { kinds, reason, left } = await run(
      async (p) => {
        await p.greet('8BITMIME')
        await p.acceptContent()
        p.send('250 ok\r\n421 4.3.2 ')
        setTimeout(() => p.send('enough\r\n'), 30)
      },
      [1, 2],
    )
    expect([kinds, reason.kind, left]).toEqual([['1 delivered'], 'peer-closed', 1])
    expect(reason.reply).toMatchObject({ code: 421, text: 'enough' })
  })

  it('any other reply that nobody asked for is a breach, and half of one does not hold the connection for ever', async () => {
    for (const extra of ['250 again\r\n', '250 aga']) {
      const { kinds, reason, left } = await run(
        async (p) => {
          await p.greet('8BITMIME')
          await p.acceptContent()
          p.send(`250 ok\r\n${extra}`)
        },
        [1, 2],
        { timeouts: { mailMs: 100 } },
      )
      expect([kinds, reason.kind, left], extra).toEqual([['1 delivered'], 'failed', 1])
    }
  })

  it('the first transaction is an attempt of the host: a close before MAIL is answered is not called stale', async () => {
    const { outcomes, reason } = await run(
      envelopeThen((p) => p.socket.end()),
      [1],
    )
    expect(outcomes[0]?.outcome).not.toHaveProperty('stale')
    expect(reason.kind).toBe('failed')
  })

  it('comes from the local address that it is given', async () => {
    let from: string | undefined
    const { kinds } = await run(
      async (p) => {
        from = p.socket.remoteAddress
        await p.greet('PIPELINING')
        await serve(p)
      },
      [1],
      { localAddress: '127.0.0.53' },
    )
    expect([kinds, from]).toEqual([['1 delivered'], '127.0.0.53'])
  })

  it('a local address that this machine does not have is its own fault, not the host’s', async () => {
    const { reason, left } = await run(accept, [1], { localAddress: '192.0.2.200' })
    expect(reason).toMatchObject({ kind: 'failed', stage: 'connect', localAddressFailed: true })
    expect([left, reason.tlsFailed]).toEqual([1, false])
    await expect(run(accept, [1], { localAddress: 'example.com' })).rejects.toThrow(/localAddress/)
  })

  it('close() finishes what is in flight, then quits; a server that ignores QUIT is left', async () => {
    const { kinds, reason, left } = await run(
      async (p) => {
        await p.greet('PIPELINING')
        await p.acceptContent()
        p.send('250 ok\r\n')
        await p.until('QUIT\r\n')
      },
      [1, 2],
      { timeouts: { quitMs: 100 } },
      (connection) => ({ beforeFinalDot: () => connection.close(), maxTransactions: 1 }),
    )
    expect([kinds, reason.kind, left]).toEqual([['1 delivered'], 'quit', 1])
  })

  it('destroy() settles at once by what is known', async () => {
    const { kinds } = await run(
      async (p) => {
        await p.greet('PIPELINING')
        await p.acceptContent()
      },
      [1, 2],
      {},
      (connection) => ({
        beforeFinalDot: () => {
          setImmediate(() => connection.destroy('shutdown'))
        },
      }),
    )
    expect(kinds).toEqual(['1 uncertain', '2 unattempted'])
  })

  it('a callback that throws ends the connection; every pulled job still has its outcome', async () => {
    const before = await run(accept, [1, 2], { beforeFinalDot: boom })
    expect(before.kinds).toEqual(['1 unattempted', '2 unattempted'])
    expect(before.reason.cause).toContain('boom')
    const transaction = await run(accept, [1], { transactionOf: boom })
    expect(transaction.kinds).toEqual(['1 unattempted'])
    expect((await run(accept, [1], { pull: boom })).reason.cause).toContain('boom')
    expect((await run(accept, [1], { onOutcome: boom })).reason.cause).toContain('boom')
  })

  it('refuses locally what the peer cannot take, without a byte of it on the wire', async () => {
    const jobs = [
      { n: 1, bytes: 99_999 },
      { n: 2, to: ['x@y\r\nRSET'] },
      { n: 3, eightBit: true },
      { n: 4, chunks: [Buffer.from('a\n.\r\n')] },
      5,
      ...Array.from({ length: 50 }, (_, i) => ({ n: 10 + i, smtputf8: true })),
    ]
    const { kinds, peer, outcomes } = await run(async (p) => {
      await p.greet('PIPELINING', 'SIZE 5000')
      await serve(p)
    }, jobs)
    expect(kinds.filter((kind) => kind.endsWith('bounced'))).toHaveLength(54)
    expect(kinds).toContain('5 delivered')
    expect(peer?.received.match(/MAIL/g)).toHaveLength(1)
    expect(outcomes[0]?.outcome).toMatchObject({ local: true, reply: { enhanced: '5.3.4' } })
  })
})
