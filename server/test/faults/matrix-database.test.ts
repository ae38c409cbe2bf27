import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../flows/engine-fixture.ts'
import { dsnOf, startInbound } from '../flows/inbound-fixture.ts'
import { awayPool, sendMany, startMatrix } from './matrix-fixture.ts'
import type { Matrix } from './matrix-fixture.ts'

let matrix: Matrix
beforeAll(async () => {
  matrix = await startMatrix()
})
afterAll(async () => {
  try {
    await matrix.reconcile()
  } finally {
    await matrix[Symbol.asyncDispose]()
  }
})

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('a database', () => {
  it('whose shares of limits cannot be renewed stops direct sending when they run out, and mail goes on when it is back', async () => {
    const database = awayPool(matrix.api.database.pool('bulkhead_sender'))
    await using _engine = await matrix.engine({ pool: database.pool })
    const peer = await matrix.receiver()
    expect(await matrix.story(await matrix.send({ to: `first@${peer.domain}` }))).toMatchObject({
      copies: [1],
    })
    database.away = /share_budgets/
    // A share lives for ten seconds; until then mail goes on.
    const during = await matrix.story(await matrix.send({ to: `during@${peer.domain}` }))
    expect(during).toMatchObject({ copies: [1] })
    await pause(11_000)
    const stopped = await sendMany(matrix, peer.domain, 5, { prefix: 'stopped' })
    await pause(2_000)
    expect(peer.sink.stats().messages).toBe(2)
    for (const id of stopped) expect((await matrix.workspace.get(id)).recipients[0].attempts).toBe(0)
    database.away = null
    for (const id of stopped)
      expect(await matrix.story(id)).toMatchObject({ states: { delivered: 1 }, attempts: [1], copies: [1] })
  }, 90_000)

  it('that goes away for the sender in the middle of its work costs no copy and no mail when it comes back', async () => {
    const database = awayPool(matrix.api.database.pool('bulkhead_sender'))
    await using _engine = await matrix.engine({ pool: database.pool })
    const peer = await matrix.receiver()
    peer.behave({ at: 'dot', delayMs: 150 })
    const ids = await sendMany(matrix, peer.domain, 60, { lane: 'bulk' })
    await eventually(() => (peer.sink.stats().messages > 3 ? true : undefined), 'the first of them')
    database.away = /./
    await pause(3_000)
    database.away = null
    for (const id of ids)
      expect(await matrix.story(id)).toMatchObject({ states: { delivered: 1 }, copies: [1] })
  }, 90_000)

  it('in which a transaction stays open for the whole time goes on taking and giving mail, at no lower pace', async () => {
    await using _engine = await matrix.engine()
    const peer = await matrix.receiver()
    const round = async (name: string): Promise<number> => {
      const fromMs = performance.now()
      for (const id of await sendMany(matrix, peer.domain, 150, { prefix: name, lane: 'bulk' }))
        expect(await matrix.story(id)).toMatchObject({ states: { delivered: 1 }, copies: [1] })
      return performance.now() - fromMs
    }
    const before = await round('before')
    const holder = await matrix.api.database.pool('superuser').connect()
    try {
      await holder.query('begin isolation level repeatable read; select count(*) from queue')
      const pinned = [await round('one'), await round('two'), await round('three')]
      // Three times is what a busy machine makes of it; dead rows that every claim walks over again would make it grow without end.
      expect(Math.max(...pinned)).toBeLessThan(3 * before + 3_000)
      const { rows } = await holder.query(
        'select backend_xmin::text as xmin from pg_stat_activity where pid = pg_backend_pid()',
      )
      expect(rows[0]?.['xmin']).toMatch(/^\d+$/)
    } finally {
      await holder.query('rollback')
      holder.release()
    }
  }, 60_000)

  it('that is away is 451 for those who bring mail from outside; what they bring again is taken once, and nothing is lost', async () => {
    const database = awayPool(matrix.api.database.pool('bulkhead_smtp'))
    await using _engine = await matrix.engine()
    await using inbound = await startInbound(matrix.api, database.pool)
    const peer = await matrix.receiver()
    const sent = await matrix.send({ to: `ann@${peer.domain}` })
    await matrix.story(sent)
    const to = await inbound.returnPath(sent, 1)
    const report = dsnOf({
      to,
      recipients: [{ final: `ann@${peer.domain}` }],
      messageId: 'once@there.example',
    })
    const returned = async (): Promise<number> =>
      (await matrix.workspace.get(sent)).timeline.filter(
        (event: { type: string }) => event.type === 'message.returned',
      ).length
    for (const away of [/./, /insert|put|take|receive|note|engine\./i]) {
      database.away = away
      expect(await inbound.mail(to, report)).toMatch(/^451 4\.3\.\d /)
      database.away = null
    }
    expect(await returned()).toBe(0)
    expect(await inbound.mail(to, report)).toMatch(/^250 /)
    const { rows } = await matrix.api.database
      .pool('superuser')
      .query<{ n: number }>('select count(*)::int as n from bounce_report')
    expect(rows[0]?.n).toBe(1)
  }, 90_000)
})
