import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../../src/modules/delivery/index.ts'
import type { Point } from '../../../bench/sink-behaviour.ts'
import { eventually } from '../flows/engine-fixture.ts'
import { scriptedSmtp } from '../support/scripted-smtp.ts'
import { sendMany, startMatrix } from './matrix-fixture.ts'
import type { Matrix } from './matrix-fixture.ts'

/** Of every phase; a busy machine still answers well within it. */
const PHASE_MS = 1_500
const TIMEOUTS = {
  connectMs: PHASE_MS,
  bannerMs: PHASE_MS,
  ehloMs: PHASE_MS,
  tlsMs: PHASE_MS,
  mailMs: PHASE_MS,
  rcptMs: PHASE_MS,
  dataMs: PHASE_MS,
  blockMs: PHASE_MS,
  dotMs: PHASE_MS,
  quitMs: 500,
  establishMs: 4_000,
  transactionMs: 6_000,
}

let matrix: Matrix
let engine: Engine
beforeAll(async () => {
  matrix = await startMatrix()
  engine = await matrix.engine({ timeouts: TIMEOUTS })
})
afterAll(async () => {
  try {
    await matrix.reconcile((state, recipient) => state === 'expired' && recipient.startsWith('expire'))
  } finally {
    await matrix[Symbol.asyncDispose]()
  }
})

const STAGES: readonly Point[] = ['banner', 'ehlo', 'starttls', 'handshake', 'mail', 'rcpt', 'data']
const CASES = STAGES.flatMap((at) => (['silence', 'trickle'] as const).map((action) => [at, action] as const))

describe.concurrent('a server that never finishes its answer', () => {
  it.each(CASES)(
    'at %s (%s) is left at the deadline, which octets do not move; the message arrives once and nothing is uncertain',
    async (at, action) => {
      const peer = await matrix.receiver()
      peer.behave({ at, action, times: 1 })
      const story = await matrix.story(await matrix.send({ to: `a@${peer.domain}`, lane: 'bulk' }))
      expect(story, JSON.stringify(story.timeline)).toMatchObject({ states: { delivered: 1 }, copies: [1] })
      expect(story.types).not.toContain('uncertain')
      expect(peer.sink.stats().ruleActed).toEqual([1])
    },
  )

  it.each(['silence', 'trickle'] as const)(
    'after the final dot (%s) leaves an uncertainty that is told: bulk ends so, other mail goes again',
    async (action) => {
      const peer = await matrix.receiver()
      peer.behave({ at: 'dot', action, times: 2 })
      const bulk = await matrix.story(await matrix.send({ to: `bulk@${peer.domain}`, lane: 'bulk' }))
      expect(bulk).toMatchObject({ states: { uncertain: 1 }, attempts: [1], copies: [0] })
      const other = await matrix.story(await matrix.send({ to: `other@${peer.domain}` }))
      expect(other).toMatchObject({ types: ['accepted', 'uncertain', 'delivered'], copies: [1] })
    },
  )

  it('does not read the content: the connection is left, the dot never went out, and nothing is uncertain', async () => {
    const domain = matrix.newDomain()
    const host = '127.8.200.1'
    matrix.lead(domain, host)
    await using server = Object.assign(
      await scriptedSmtp(
        async (peer) => {
          await peer.greet('PIPELINING')
          for (const reply of ['250 ok', '250 ok', '354 go']) {
            await peer.line()
            peer.send(`${reply}\r\n`)
          }
          peer.socket.pause()
          await peer.closed()
        },
        { host, port: matrix.port },
      ),
      { [Symbol.asyncDispose]: () => server.close() },
    )
    const text = `${'x'.repeat(70)}\r\n`.repeat(120_000)
    const id = await matrix.send({ to: `expire@${domain}`, lane: 'bulk', text, expiresAt: inMs(5_000) })
    const story = await matrix.story(id)
    expect(story, JSON.stringify(story.timeline)).toMatchObject({ states: { expired: 1 } })
    expect(story.types).not.toContain('uncertain')
    expect(server.peers.length).toBeGreaterThan(0)
    expect(server.peers.every((peer) => !peer.received.includes('\r\n.\r\n'))).toBe(true)
  })

  it('at the banner, every time: what waits is known meanwhile, ends at its expiry, and holds up nobody else', async () => {
    const dead = await matrix.receiver()
    dead.behave({ at: 'banner', action: 'silence' })
    const ids = await sendMany(matrix, dead.domain, 60, { prefix: 'expire', expiresAt: inMs(4_000) })
    await eventually(() => (dead.sink.stats().connections > 0 ? true : undefined), 'a connection')
    const waiting = await matrix.workspace.get(ids[0] ?? '')
    expect(Object.keys(waiting.states)[0]).toMatch(/^(?:pending|scheduled)$/)
    const well = await matrix.receiver()
    const beside = await matrix.story(await matrix.send({ to: `a@${well.domain}` }))
    expect(beside).toMatchObject({ types: ['accepted', 'delivered'], copies: [1] })
    for (const id of ids) {
      const { states, types } = await matrix.story(id)
      expect(states).toEqual({ expired: 1 })
      expect(types).not.toContain('uncertain')
    }
    expect(dead.sink.stats().messages).toBe(0)
  })

  it('in the middle of transactions, every time: each row ends as what is known of it, and none is left behind', async () => {
    const peer = await matrix.receiver()
    peer.behave(
      { at: 'dot', action: 'silence', percent: 30 },
      { at: 'rcpt', action: 'trickle', percent: 20 },
      { at: 'mail', action: 'silence', percent: 10 },
    )
    const ids = await sendMany(matrix, peer.domain, 40, { lane: 'bulk' })
    setTimeout(() => peer.behave(), 6_000).unref()
    for (const id of ids) {
      const { states, types, copies } = await matrix.story(id, 40_000)
      // Bulk is never sent again behind an uncertain dot.
      expect(copies).toEqual([states['delivered'] ?? 0])
      expect(types.filter((type) => type === 'uncertain')).toHaveLength(states['uncertain'] ?? 0)
    }
    await eventually(
      () => (Object.values(engine.state()['held'] ?? {}).every((rows) => rows === 0) ? true : undefined),
      'nothing is held any more',
    )
  })
})

function inMs(ms: number): string {
  return new Date(Date.now() + ms).toISOString()
}
