import { describe, expect, it } from 'vitest'
import { selfSigned } from '../../../../../bench/self-signed.ts'
import { scriptedSmtp } from '../../../../test/support/scripted-smtp.ts'
import type { ScriptedPeer } from '../../../../test/support/scripted-smtp.ts'
import { run, serve } from '../../../../test/support/smtp-run.ts'
import type { Job } from '../../../../test/support/smtp-run.ts'
import { Redacted } from '../../../kernel/redacted.ts'
import { createSmtpConnection } from './index.ts'
import type { SmtpCloseReason, SmtpConnectionDeps } from './index.ts'

const starttls = async (p: ScriptedPeer) => {
  await p.greet('STARTTLS', 'PIPELINING')
  await p.line()
  p.send('220 go\r\n')
}

const silent = async (p: ScriptedPeer) => p.closed()
const greets = async (p: ScriptedPeer) => {
  p.send('220 a\r\n')
  await p.closed()
}

describe('set-up', () => {
  const fails: [string, (p: ScriptedPeer) => Promise<void>, Partial<SmtpCloseReason>][] = [
    ['554 banner', async (p) => p.send('554 go away\r\n'), { stage: 'banner', temporary: false }],
    ['421 banner', async (p) => p.send('421 busy\r\n'), { kind: 'peer-closed', temporary: true }],
    ['no banner', async () => {}, { stage: 'banner', cause: 'timeout (banner)' }],
    [
      'an endless banner',
      async (p) => {
        while (!p.ended && p.socket.write('220-x\r\n'.repeat(1000))) await new Promise(setImmediate)
      },
      { stage: 'banner', cause: 'the reply is too long' },
    ],
    ['closed before the banner', async (p) => void p.socket.end(), { stage: 'banner', temporary: true }],
    ['replies before their commands', async (p) => p.send('220 a\r\n250 b\r\n'), { stage: 'ehlo' }],
    [
      'EHLO refused',
      async (p) => {
        p.send('220 a\r\n')
        await p.line()
        p.send('550 5.7.1 listed\r\n')
      },
      { stage: 'ehlo', temporary: false },
    ],
  ]
  it.each(fails)('costs no job: %s', async (_name, script, expected) => {
    const { outcomes, reason, left } = await run(script, [1], { timeouts: { bannerMs: 150 } })
    expect([outcomes, left]).toEqual([[], 1])
    expect(reason).toMatchObject({ tlsFailed: false, ...expected })
  })

  it('a banner that drips in is ended by the deadline over all of the set-up', async () => {
    const started = performance.now()
    const { reason, left } = await run(
      async (p) => {
        const drip = setInterval(() => p.send('220-still here\r\n'), 20)
        await p.closed()
        clearInterval(drip)
      },
      [1],
      { timeouts: { bannerMs: 5000, establishMs: 200 } },
    )
    expect([reason.cause, left]).toEqual(['too slow over all phases (banner)', 1])
    expect(performance.now() - started).toBeLessThan(3000)
  })

  it('a peer that never answers anything is ended in every phase', async () => {
    const timeouts = { bannerMs: 100, ehloMs: 100, tlsMs: 100 }
    expect((await run(silent, [1], { timeouts })).reason.cause).toBe('timeout (banner)')
    const tls = { mode: 'implicit', verify: 'none' } as const
    expect((await run(silent, [1], { timeouts, tls })).reason).toMatchObject({
      cause: 'timeout (connect)',
      tlsFailed: true,
      tlsFailure: 'validation-failure',
    })
    expect((await run(greets, [1], { timeouts })).reason.cause).toBe('timeout (ehlo)')
  })

  it('a refused connection is temporary', async () => {
    const server = await scriptedSmtp(async () => {})
    await server.close()
    const closed = Promise.withResolvers<SmtpCloseReason>()
    createSmtpConnection<Job>({
      target: { host: 'x', address: '127.0.0.1', port: server.port, family: 4 },
      ehloName: 'client.test',
      tls: { mode: 'none' },
      pull: () => null,
      transactionOf: () => {
        throw new Error('no job')
      },
      beforeFinalDot: () => {},
      onOutcome: () => {},
      onIdle: () => {},
      onClosed: closed.resolve,
      maxTransactions: 1,
      idleMs: 10,
    }).open()
    expect(await closed.promise).toMatchObject({ kind: 'failed', stage: 'connect', temporary: true })
  })

  it('refuses names and credentials that could inject a command', () => {
    const deps = {
      tls: { mode: 'none' },
      target: { path: '/x' },
    } as never as SmtpConnectionDeps<Job>
    expect(() => createSmtpConnection({ ...deps, ehloName: 'a\r\nQUIT' })).toThrow(/ehloName/)
    const auth = { username: 'a\0b', password: new Redacted('x') }
    expect(() => createSmtpConnection({ ...deps, ehloName: 'a', auth })).toThrow(/auth/)
  })
})

describe('TLS', () => {
  const pair = selfSigned('sink.test')
  const secured = async (p: ScriptedPeer) => {
    await starttls(p)
    await p.secure(pair)
    await p.ehlo('PIPELINING', 'AUTH PLAIN LOGIN')
    await serve(p)
  }

  it('opportunistic encrypts without verifying and forgets what was announced in clear', async () => {
    const info: unknown[] = []
    const { kinds, peer } = await run(secured, [1], {
      tls: { mode: 'opportunistic' },
      onOutcome: (_job, _outcome, each) => info.push(each),
    })
    expect(kinds).toEqual([])
    expect(info).toMatchObject([{ host: 'sink.test', address: '127.0.0.1', tls: { protocol: 'TLSv1.3' } }])
    expect(peer?.received.match(/EHLO/g)).toHaveLength(2)
  })

  it('required verifies: the right root passes, a stranger fails with tlsFailed', async () => {
    const good = await run(secured, [1], {
      tls: { mode: 'required', verify: { kind: 'pkix', names: ['sink.test'], ca: pair.cert } },
    })
    expect(good.kinds).toEqual(['1 delivered'])
    const bad = await run(
      async (p) => {
        await starttls(p)
        await p.secure(pair).catch(() => {})
      },
      [1],
      { tls: { mode: 'required', verify: { kind: 'pkix', names: ['sink.test'] } } },
    )
    expect([bad.kinds, bad.reason.tlsFailed, bad.reason.stage]).toEqual([[], true, 'starttls'])
  })

  it('required never goes on in clear text', async () => {
    const absent = await run((p) => p.greet('PIPELINING'), [1], { tls: { mode: 'required', verify: 'none' } })
    expect(absent.reason).toMatchObject({
      tlsFailed: true,
      tlsFailure: 'starttls-not-supported',
      stage: 'starttls',
    })
    expect(absent.left).toBe(1)
    const refused = await run(
      async (p) => {
        await p.greet('STARTTLS')
        await p.line()
        p.send('454 4.7.0 not now\r\n')
      },
      [1],
      { tls: { mode: 'required', verify: 'none' } },
    )
    expect(refused.reason).toMatchObject({ tlsFailed: true, tlsFailure: 'starttls-not-supported' })
    expect(refused.left).toBe(1)
  })

  it('opportunistic goes on in clear text where the server refuses STARTTLS, and reports a broken handshake', async () => {
    const tls = { mode: 'opportunistic' } as const
    const refused = await run(
      async (p) => {
        await p.greet('STARTTLS')
        await p.line()
        p.send('454 4.7.0 not now\r\n')
        await serve(p)
      },
      [1],
      { tls },
    )
    expect(refused.kinds).toEqual(['1 delivered'])
    expect(refused.infos[0]).toMatchObject({ tlsFailure: 'starttls-not-supported' })
    const broken = await run(
      async (p) => {
        await starttls(p)
        await p.until('\x16')
        p.socket.end('this is not TLS\r\n')
      },
      [1],
      { tls },
    )
    expect(broken.reason).toMatchObject({
      kind: 'failed',
      tlsFailed: true,
      tlsFailure: 'validation-failure',
      stage: 'starttls',
    })
    expect(broken.left).toBe(1)
    const silent = await run(starttls, [1], { tls, timeouts: { tlsMs: 150 } })
    expect(silent.reason).toMatchObject({ tlsFailed: true, cause: 'timeout (starttls)' })
  })

  it('refuses clear text that was injected after the STARTTLS reply', async () => {
    const { reason, left } = await run(
      async (p) => {
        await p.greet('STARTTLS')
        await p.line()
        p.send('220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n')
      },
      [1],
      { tls: { mode: 'opportunistic' } },
    )
    expect([reason.kind, reason.tlsFailed, left]).toEqual(['failed', false, 1])
  })

  it('carries large content in blocks inside TLS', async () => {
    const chunks = [Buffer.from(`${'x'.repeat(78)}\r\n`.repeat(40_000))]
    const { kinds, peer } = await run(
      async (p) => {
        await p.secure(pair)
        await p.greet('PIPELINING')
        await serve(p)
      },
      [{ n: 1, chunks, bytes: 3_200_000 }, 2],
      { tls: { mode: 'implicit', verify: 'none' } },
    )
    expect(kinds).toEqual(['1 delivered', '2 delivered'])
    expect(peer?.received.match(/^x{78}\r$/gm)).toHaveLength(40_000)
  })

  it('implicit TLS reads the banner inside', async () => {
    const { kinds } = await run(
      async (p) => {
        await p.secure(pair)
        await p.greet('PIPELINING')
        await serve(p)
      },
      [1, 2],
      { tls: { mode: 'implicit', verify: { kind: 'pkix', names: ['sink.test'], ca: pair.cert } } },
    )
    expect(kinds).toEqual(['1 delivered', '2 delivered'])
  })

  it('AUTH goes inside TLS; a refusal is permanent', async () => {
    const auth = { username: 'me', password: new Redacted('secret') }
    const { kinds, peer } = await run(
      async (p) => {
        await starttls(p)
        await p.secure(pair)
        await p.ehlo('AUTH LOGIN')
        await p.line()
        p.send('334 VXNlcm5hbWU6\r\n')
        await p.line()
        p.send('334 UGFzc3dvcmQ6\r\n')
        await p.line()
        p.send('235 ok\r\n')
        await serve(p)
      },
      [1],
      { tls: { mode: 'required', verify: 'none' }, auth },
    )
    expect(kinds).toEqual(['1 delivered'])
    expect(peer?.received).toContain('AUTH LOGIN\r\nbWU=\r\nc2VjcmV0\r\n')
    const refused = await run(
      async (p) => {
        await p.greet('AUTH PLAIN')
        expect(await p.line()).toBe(`AUTH PLAIN ${Buffer.from('\0me\0secret').toString('base64')}\r\n`)
        p.send('535 5.7.8 no\r\n')
      },
      [1],
      { auth },
    )
    expect(refused.reason).toMatchObject({ stage: 'auth', temporary: false, reply: { enhanced: '5.7.8' } })
  })
})
