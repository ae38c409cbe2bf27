import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { scriptedSmtp } from '../../../../test/support/scripted-smtp.ts'
import type { ScriptedPeer } from '../../../../test/support/scripted-smtp.ts'
import { createSmtpConnection } from './index.ts'
import type { SmtpOutcome } from './index.ts'

/** What a hostile or dying server does instead of the right reply. */
const MISBEHAVIOURS = [
  ...Array.from({ length: 10 }, () => 'right'),
  '451 4.7.1 later\r\n',
  '550 5.1.1 no\r\n',
  '421 bye\r\n',
  '250 ok\r\n',
  '354 go\r\n',
  '250 ok\r\n250 ok\r\n',
  '250-a\r\n550 b\r\n',
  '25',
  'junk\r\n',
  'end',
  'reset',
  'silence',
]

it('every pulled job gets exactly one outcome, and the outcome is true, whatever the server does', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...MISBEHAVIOURS), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 6 }),
      fc.boolean(),
      async (drawn, count, pipelining) => {
        // A server that answers twice and then says 354 to RCPT looks exactly like one that took the message: no client can tell.
        const doubles = drawn.some((each) => each.startsWith('250 ok\r\n250'))
        const moves = doubles ? drawn.filter((each) => !each.startsWith('354')) : drawn
        let move = 0
        /** Message numbers by what the server knows: content complete, and what it said after that. */
        const contents = new Map<string, string>()
        const act = (p: ScriptedPeer, right: string): string => {
          const next = moves[move++ % moves.length] ?? 'right'
          if (next === 'end') p.socket.end()
          else if (next === 'reset') p.reset()
          else if (next !== 'silence') {
            p.send(next === 'right' ? right : next)
            return next === 'right' ? right : next
          }
          return ''
        }
        const server = await scriptedSmtp(async (p) => {
          await p.greet(...(pipelining ? ['PIPELINING'] : []))
          for (;;) {
            const line = await p.line()
            if (line === 'QUIT\r\n') return void p.socket.end('221 bye\r\n')
            if (line !== 'DATA\r\n') {
              act(p, '250 ok\r\n')
              continue
            }
            if (act(p, '354 go\r\n') !== '354 go\r\n') continue
            const text = await p.until('.\r\n')
            const number = /^Subject: (\d+)/.exec(text)?.[1]
            const said = act(p, '250 queued\r\n')
            if (number !== undefined) contents.set(number, said)
          }
        })
        const queue = Array.from({ length: count }, (_, i) => String(i))
        const pulled: string[] = []
        const dotted = new Set<string>()
        const outcomes = new Map<string, SmtpOutcome[]>()
        const closed = Promise.withResolvers<void>()
        createSmtpConnection<string>({
          target: { host: 'x', address: '127.0.0.1', port: server.port, family: 4 },
          ehloName: 'client.test',
          tls: { mode: 'none', verify: false },
          pull: () => {
            const job = queue.shift() ?? null
            if (job !== null) pulled.push(job)
            return job
          },
          transactionOf: (job) => ({
            from: '',
            to: `to${job}@example.net`,
            chunks: [Buffer.from(`Subject: ${job}\r\n\r\nx\r\n`)],
            bytes: 20,
            eightBit: false,
            smtputf8: false,
          }),
          beforeFinalDot: (job) => dotted.add(job),
          onOutcome: (job, outcome) => outcomes.set(job, [...(outcomes.get(job) ?? []), outcome]),
          onIdle: () => {},
          onClosed: () => closed.resolve(),
          maxTransactions: 100,
          idleMs: 20,
          timeouts: { mailMs: 25, rcptMs: 25, dataMs: 25, dotMs: 25, quitMs: 25 },
        }).open()
        await closed.promise
        await server.peers[0]?.closed()
        await server.close()

        expect([...outcomes.keys()].sort()).toEqual(pulled.sort())
        for (const [job, all] of outcomes) {
          expect(all, `job ${job}`).toHaveLength(1)
          const outcome = all[0]
          const kind = outcome?.kind
          const said = contents.get(job)
          if (kind === 'delivered') expect(said?.startsWith('250')).toBe(true)
          if (kind === 'uncertain' || kind === 'delivered') expect(dotted.has(job)).toBe(true)
          if (kind === 'deferred' || kind === 'bounced')
            expect(said?.[0]).toBe(
              outcome && 'reply' in outcome && outcome.stage === 'dot'
                ? kind === 'deferred'
                  ? '4'
                  : '5'
                : undefined,
            )
          if (kind === 'unattempted') expect([dotted.has(job), said]).toEqual([false, undefined])
        }
      },
    ),
    { numRuns: 300 },
  )
}, 120_000)
