import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../../src/modules/delivery/index.ts'
import { eventually } from '../flows/engine-fixture.ts'
import { awayPool, sendMany, startMatrix } from './matrix-fixture.ts'
import type { Matrix } from './matrix-fixture.ts'

const PER_SECOND = 40
const CONNECTIONS = 4
const RULES = `
[default]
connections = ${CONNECTIONS}
connection_rate = "6000/min"

[domain."limited.example"]
message_rate = "${PER_SECOND}/s"

[[automation]]
name = "slow-down"
code = [450, 451]
match = 'slow down'
threshold = { count = 2, within = "10m" }
action = ["suspend-workspace"]
duration = "1h"
reason = "It wants less"
`
const ADDRESS = '10.231.77.1'

const ip = (...args: string[]): void => void execFileSync('ip', args, { stdio: 'ignore' })

/** An address that can be taken from this host again; null where that is not allowed here. */
function lendAddress(): { remove(): void } | null {
  try {
    ip('address', 'add', `${ADDRESS}/32`, 'dev', 'lo')
  } catch {
    return null
  }
  let there = true
  return {
    remove() {
      if (there) ip('address', 'del', `${ADDRESS}/32`, 'dev', 'lo')
      there = false
    },
  }
}

describe('two senders on one site', () => {
  let matrix: Matrix
  let first: Engine
  beforeAll(async () => {
    matrix = await startMatrix({ shaping: RULES })
    first = await matrix.engine()
    await matrix.engine()
  })
  afterAll(async () => {
    try {
      await matrix.reconcile()
    } finally {
      await matrix[Symbol.asyncDispose]()
    }
  })

  it('keep its limits of connections and messages together, and lose and double nothing', async () => {
    const peer = await matrix.receiver({ domain: 'limited.example' })
    peer.behave({ at: 'dot', delayMs: 60 })
    const ids = await sendMany(matrix, peer.domain, 160, { lane: 'bulk' })
    for (const id of ids)
      expect(await matrix.story(id)).toMatchObject({ states: { delivered: 1 }, copies: [1] })
    expect(peer.sink.stats().maxOpenConnections).toBeLessThanOrEqual(CONNECTIONS)
    const times = (await matrix.journal())
      .filter(({ recipient }) => recipient.endsWith(peer.domain))
      .map(({ timeMs }) => timeMs)
    const busiest = Math.max(
      ...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length),
    )
    // Offers are paced, answers are what the journal has: those of one round trip may fall into the next second.
    expect(busiest).toBeLessThanOrEqual(PER_SECOND + PER_SECOND / 4 + 2 * CONNECTIONS)
  }, 90_000)

  it('where one ends, the other has all of the limit, and all of the mail', async () => {
    const peer = await matrix.receiver()
    peer.behave({ at: 'dot', delayMs: 40 })
    const ids = await sendMany(matrix, peer.domain, 60, { lane: 'bulk' })
    await eventually(() => (peer.sink.stats().messages > 5 ? true : undefined), 'some of the mail')
    await first[Symbol.asyncDispose]()
    for (const id of ids)
      expect(await matrix.story(id)).toMatchObject({ states: { delivered: 1 }, copies: [1] })
    expect(peer.sink.stats().maxOpenConnections).toBeLessThanOrEqual(CONNECTIONS)
  }, 90_000)
})

describe('a site', () => {
  let matrix: Matrix
  beforeAll(async () => {
    matrix = await startMatrix({ shaping: RULES })
    await matrix.engine({ retryScale: 0.01 })
  })
  afterAll(async () => {
    try {
      await matrix.reconcile()
    } finally {
      await matrix[Symbol.asyncDispose]()
    }
  })

  it('at which the workspace is suspended gets nothing, without attempts being spent, and everything once it is lifted', async () => {
    const peer = await matrix.receiver()
    peer.behave({ at: 'rcpt', recipient: 'slow*', reply: '451 4.7.1 slow down' })
    const slow = await sendMany(matrix, peer.domain, 2, { prefix: 'slow' })
    const overlay = await eventually(async () => {
      const { body } = await matrix.api.call(matrix.api.operatorKey, 'GET', '/v1/shaping/overlays')
      return body.data.find((each: { place: string }) => each.place === `mx.${peer.domain}`)
    }, 'a suspension')
    const waiting = await sendMany(matrix, peer.domain, 20)
    const well = await matrix.receiver()
    expect(await matrix.story(await matrix.send({ to: `a@${well.domain}` }))).toMatchObject({ copies: [1] })
    for (const id of waiting) expect((await matrix.workspace.get(id)).recipients[0].attempts).toBe(0)
    expect(peer.sink.stats().messages).toBe(0)
    peer.behave()
    const lifted = await matrix.api.call(
      matrix.api.operatorKey,
      'DELETE',
      `/v1/shaping/overlays/${overlay.id}`,
    )
    expect(lifted.status).toBe(204)
    for (const id of waiting)
      expect(await matrix.story(id, 40_000)).toMatchObject({
        states: { delivered: 1 },
        attempts: [1],
        copies: [1],
      })
    for (const id of slow)
      expect(await matrix.story(id)).toMatchObject({ states: { delivered: 1 }, copies: [1] })
  }, 90_000)
})

describe('what is learnt from replies', () => {
  it('holds at once and is written later where it cannot be written; a sender that starts then knows it', async () => {
    const matrix = await startMatrix({ shaping: RULES })
    try {
      const database = awayPool(matrix.api.database.pool('bulkhead_sender'))
      const first = await matrix.engine({ pool: database.pool, retryScale: 0.01 })
      const peer = await matrix.receiver()
      peer.behave({ at: 'rcpt', recipient: 'slow*', reply: '451 4.7.1 slow down' })
      const overlays = async () => {
        const { body } = await matrix.api.call(matrix.api.operatorKey, 'GET', '/v1/shaping/overlays')
        return body.data
      }
      database.away = /put_overlay/
      const slow = await sendMany(matrix, peer.domain, 2, { prefix: 'slow' })
      await eventually(() => (peer.sink.stats().ruleActed[0] === 2 ? true : undefined), 'two replies')
      const waiting = await sendMany(matrix, peer.domain, 5)
      const well = await matrix.receiver()
      /** What was sent before this one arrived has been looked at too. */
      const passes = async (name: string) =>
        expect(await matrix.story(await matrix.send({ to: `${name}@${well.domain}` }))).toMatchObject({
          copies: [1],
        })
      await passes('first')
      for (const id of waiting) expect((await matrix.workspace.get(id)).recipients[0].attempts).toBe(0)
      expect(await overlays()).toEqual([])
      database.away = null
      const [overlay] = await eventually(async () => {
        const found = await overlays()
        return found.length > 0 ? found : undefined
      }, 'the overlay')
      await first[Symbol.asyncDispose]()
      await matrix.engine({ retryScale: 0.01 })
      const later = await matrix.send({ to: `later@${peer.domain}` })
      await passes('second')
      expect((await matrix.workspace.get(later)).recipients[0].attempts).toBe(0)
      expect(peer.sink.stats().messages).toBe(0)
      peer.behave()
      await matrix.api.call(matrix.api.operatorKey, 'DELETE', `/v1/shaping/overlays/${overlay.id}`)
      for (const id of [...waiting, ...slow, later])
        expect(await matrix.story(id, 40_000)).toMatchObject({ states: { delivered: 1 }, copies: [1] })
      await matrix.reconcile()
    } finally {
      await matrix[Symbol.asyncDispose]()
    }
  }, 90_000)
})

describe.runIf(process.platform === 'linux' && process.getuid?.() === 0)('a source', () => {
  it('whose address vanishes makes way for the others of its pool: nothing is lost, bounced or sent twice', async ({
    skip,
  }) => {
    const address = lendAddress()
    if (address === null) {
      skip('needs the right to give an address to this host')
      return
    }
    const matrix = await startMatrix({
      shaping: `
[default]
connection_rate = "6000/min"
# Connections from the address that vanishes are open and idle: they are not waited for.
messages_per_connection = 100

[[source]]
name = "lent"
address = "${ADDRESS}"
ehlo = "lent.example.net"

[[source]]
name = "own"
address = "127.0.0.1"
ehlo = "own.example.net"
`,
    })
    try {
      await matrix.engine()
      const peer = await matrix.receiver()
      const sourcesOf = async (ids: readonly string[]) => {
        const stories = await Promise.all(ids.map((id) => matrix.story(id, 40_000)))
        for (const story of stories)
          expect(story, JSON.stringify(story.timeline)).toMatchObject({
            states: { delivered: 1 },
            copies: [1],
            // An address that is missing here is no attempt at the other side.
            attempts: [1],
          })
        return stories.map(({ timeline }) => timeline.at(-1).detail.source)
      }
      const before = await sourcesOf(await sendMany(matrix, peer.domain, 12))
      expect(new Set(before)).toEqual(new Set(['lent', 'own']))
      address.remove()
      const after = await sourcesOf(await sendMany(matrix, peer.domain, 12, { prefix: 'after' }))
      expect(new Set(after)).toEqual(new Set(['own']))
      await matrix.reconcile()
    } finally {
      address.remove()
      await matrix[Symbol.asyncDispose]()
    }
  }, 60_000)
})
