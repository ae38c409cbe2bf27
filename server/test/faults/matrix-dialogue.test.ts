import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Point } from '../../../bench/sink-behaviour.ts'
import { eventually } from '../flows/engine-fixture.ts'
import { sendMany, startMatrix } from './matrix-fixture.ts'
import type { Matrix } from './matrix-fixture.ts'

let matrix: Matrix
beforeAll(async () => {
  matrix = await startMatrix()
  await matrix.engine({ timeouts: { connectMs: 5_000, dotMs: 8_000, tlsMs: 1_500 } })
})
afterAll(async () => {
  try {
    await matrix.reconcile()
  } finally {
    await matrix[Symbol.asyncDispose]()
  }
})

const BEFORE_CONTENT: readonly Point[] = ['banner', 'ehlo', 'starttls', 'handshake', 'mail', 'rcpt', 'data']
const ENDS = ['drop', 'reset'] as const
const CASES = BEFORE_CONTENT.flatMap((at) => ENDS.map((action) => [at, action] as const))

describe.concurrent('a connection that ends', () => {
  it.each(CASES)(
    'at %s (%s) has taken nothing: every message arrives once, and nothing is uncertain, bulk either',
    async (at, action) => {
      const peer = await matrix.receiver()
      peer.behave({ at, action, times: 2 })
      const ids = await sendMany(matrix, peer.domain, 3, { lane: 'bulk' })
      for (const id of ids) {
        const story = await matrix.story(id)
        expect(story.states, JSON.stringify(story.timeline)).toEqual({ delivered: 1 })
        expect(story.copies).toEqual([1])
        expect(story.types).not.toContain('uncertain')
      }
      expect(peer.sink.stats().ruleActed[0]).toBeGreaterThan(0)
    },
  )

  it.each(['drop', 'reset', 'accept-and-drop'] as const)(
    'after the final dot and before the 250 (%s) is uncertain: bulk ends so, other mail goes again and says so',
    async (action) => {
      const peer = await matrix.receiver()
      peer.behave(
        { at: 'dot', action, recipient: 'bulk*', times: 1 },
        { at: 'dot', action, recipient: 'other*', times: 1 },
      )
      const taken = action === 'accept-and-drop' ? 1 : 0
      const bulk = await matrix.story(await matrix.send({ to: `bulk@${peer.domain}`, lane: 'bulk' }))
      expect(bulk).toMatchObject({ states: { uncertain: 1 }, attempts: [1], copies: [taken] })
      const other = await matrix.story(
        await matrix.send({ to: `other@${peer.domain}`, lane: 'transactional' }),
      )
      expect(other).toMatchObject({
        states: { delivered: 1 },
        types: ['accepted', 'uncertain', 'delivered'],
        copies: [taken + 1],
      })
    },
  )

  it('after the 250 has taken that message and no other: no copy, nothing lost, nothing uncertain', async () => {
    const peer = await matrix.receiver()
    peer.behave({ at: 'replied', action: 'drop', times: 3 })
    for (const id of await sendMany(matrix, peer.domain, 12, { lane: 'bulk' })) {
      const story = await matrix.story(id)
      expect(story, JSON.stringify(story.timeline)).toMatchObject({ states: { delivered: 1 }, copies: [1] })
      expect(story.types).not.toContain('uncertain')
    }
    expect(peer.sink.stats().ruleActed).toEqual([3])
  })

  it('by reset right after the 250 costs at most a copy that its story tells', async () => {
    const peer = await matrix.receiver()
    peer.behave({ at: 'replied', action: 'reset', times: 4 })
    for (const id of await sendMany(matrix, peer.domain, 8, { lane: 'transactional' })) {
      const { states, copies, types } = await matrix.story(id)
      expect(states).toEqual({ delivered: 1 })
      expect(copies[0]).toBe(1 + types.filter((type) => type === 'uncertain').length)
    }
  })
})

describe.concurrent('a reply in a pipeline', () => {
  it.each(['banner', 'ehlo', 'mail', 'rcpt', 'data', 'dot'] as const)(
    '421 at %s is an answer, not a doubt: every message arrives once, and nothing is uncertain',
    async (at) => {
      const peer = await matrix.receiver()
      peer.behave({ at, reply: '421 4.3.2 shutting down', times: 2 })
      for (const id of await sendMany(matrix, peer.domain, 6, { lane: 'bulk' })) {
        const story = await matrix.story(id)
        expect(story, JSON.stringify(story.timeline)).toMatchObject({ states: { delivered: 1 }, copies: [1] })
        expect(story.types).not.toContain('uncertain')
      }
    },
  )

  it('recipients that are refused, refused for now and taken in one transaction have one fate each', async () => {
    const peer = await matrix.receiver()
    peer.behave(
      { at: 'rcpt', recipient: 'bounce-*', reply: '550 5.1.1 no such user' },
      { at: 'rcpt', recipient: 'later*', reply: '451 4.7.1 greylisted', times: 1 },
    )
    const to = ['a', 'bounce-b', 'later', 'd'].map((local) => `${local}@${peer.domain}`)
    const story = await matrix.story(await matrix.send({ to }))
    expect(story).toMatchObject({
      states: { delivered: 3, bounced: 1 },
      copies: [1, 0, 1, 1],
      attempts: [1, 1, 2, 1],
    })
    expect(story.types.filter((type) => type === 'deferred')).toHaveLength(1)
  })

  it('where every recipient is refused no content leaves, and the connection goes on with the next message', async () => {
    const peer = await matrix.receiver()
    peer.behave({ at: 'rcpt', recipient: 'bounce-*', reply: '550 5.1.1 no such user' })
    const gone = await matrix.send({ to: ['bounce-a', 'bounce-b'].map((local) => `${local}@${peer.domain}`) })
    expect(await matrix.story(gone)).toMatchObject({ states: { bounced: 2 }, copies: [0, 0] })
    const next = await matrix.story(await matrix.send({ to: `next@${peer.domain}` }))
    expect(next).toMatchObject({ states: { delivered: 1 }, copies: [1] })
    expect(peer.sink.stats().connections).toBe(1)
  })

  it('452 splits: a server that takes two recipients at once gets all nine, each once, without a deferral', async () => {
    const peer = await matrix.receiver({ maxRecipients: 2 })
    const to = Array.from({ length: 9 }, (_, at) => `r${at}@${peer.domain}`)
    const story = await matrix.story(await matrix.send({ to }))
    expect(story.states).toEqual({ delivered: 9 })
    expect(story.copies).toEqual(Array.from({ length: 9 }, () => 1))
    expect(story.attempts).toEqual(Array.from({ length: 9 }, () => 1))
    expect(story.types).not.toContain('deferred')
    expect(peer.sink.stats().messages).toBeLessThanOrEqual(6)
  })

  it('452 for the first recipient is a deferral like any other', async () => {
    const peer = await matrix.receiver()
    peer.behave({ at: 'rcpt', reply: '452 4.2.2 mailbox full', times: 1 })
    const story = await matrix.story(await matrix.send({ to: `full@${peer.domain}` }))
    expect(story).toMatchObject({ types: ['accepted', 'deferred', 'delivered'], attempts: [2], copies: [1] })
  })
})

describe.concurrent('TLS that fails', () => {
  it.each([
    ['a refusal of STARTTLS', { at: 'starttls', reply: '454 4.7.0 TLS not available' }],
    ['an end of the handshake', { at: 'handshake', action: 'drop' }],
    ['garbage instead of a handshake', { at: 'handshake', action: 'garbage', delayMs: 50 }],
    ['a handshake that never ends', { at: 'handshake', action: 'silence' }],
  ])(
    '(%s) sends ordinary mail in clear text once; critical mail waits, never goes in clear, and goes when TLS works',
    async (_name, rule) => {
      const peer = await matrix.receiver({ keep: 10 })
      peer.behave(rule)
      const ordinary = await matrix.story(await matrix.send({ to: `plain@${peer.domain}` }))
      expect(ordinary, JSON.stringify(ordinary.timeline)).toMatchObject({
        states: { delivered: 1 },
        copies: [1],
      })
      const critical = await matrix.send({ to: `critical@${peer.domain}`, lane: 'critical' })
      await eventually(async () => {
        const { timeline } = await matrix.workspace.get(critical)
        return timeline.length > 1 ? true : undefined
      }, 'a deferral of the critical message')
      peer.behave()
      const later = await matrix.story(critical)
      expect(later).toMatchObject({ states: { delivered: 1 }, copies: [1] })
      expect(peer.sink.messages().map(({ tls }) => tls)).toEqual([false, true])
    },
  )
})

describe.concurrent('an idle connection that the other side closes', () => {
  it.each([['without a word', ''] as const, ['with 421', '421 4.4.2 idle too long'] as const])(
    '(%s) costs no attempt: what comes at that very moment arrives once',
    async (_name, idleReply) => {
      const peer = await matrix.receiver({ idleTimeoutMs: 400, idleReply })
      for (let at = 0; at < 12; at++) {
        const id = await matrix.send({ to: `r${at}@${peer.domain}`, lane: 'bulk' })
        const story = await matrix.story(id)
        expect(story, JSON.stringify(story.timeline)).toMatchObject({
          types: ['accepted', 'delivered'],
          attempts: [1],
          copies: [1],
        })
        // Around the moment of the close, a little earlier or later each time.
        await new Promise((resolve) => setTimeout(resolve, 340 + at * 12))
      }
      expect(peer.sink.stats().connections).toBeGreaterThan(1)
    },
  )
})

// Alone: composing and signing it takes this process seconds in which nobody else is answered.
describe('a connection that ends under a large message', () => {
  it('in the middle of the content has taken nothing: it is sent again, once, and is not uncertain', async () => {
    const peer = await matrix.receiver()
    peer.behave({ at: 'body', action: 'reset', times: 1 })
    // More than the kernels of both sides take, so that its end cannot be on the wire.
    const text = `${'x'.repeat(70)}\r\n`.repeat(70_000)
    const story = await matrix.story(await matrix.send({ to: `big@${peer.domain}`, lane: 'bulk', text }))
    expect(story).toMatchObject({ states: { delivered: 1 }, copies: [1] })
    expect(story.types).not.toContain('uncertain')
    expect(peer.sink.stats().ruleActed).toEqual([1])
  })
})
