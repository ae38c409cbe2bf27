import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import type { Settlement } from './job.ts'
import { createSettler, type SettlerDependencies } from './settler.ts'

const settlementOf = (n: number, over: Partial<Settlement> = {}): Settlement => ({
  lane: 'bulk',
  lease: '7',
  messageId: `m${n}`,
  number: 1,
  state: 'delivered',
  attempted: true,
  due: undefined,
  type: undefined,
  detail: {},
  suppress: false,
  ...over,
})

type Settle = SettlerDependencies['store']['settle']

function build(settle: (call: number, ...args: Parameters<Settle>) => Promise<number[]>) {
  const calls: { lane: string; lease: string; orFree: boolean; ids: string[] }[] = []
  const settled: string[] = []
  const sensitive: string[] = []
  const settler = createSettler({
    store: {
      settle: (...args) => {
        calls.push({
          lane: args[0],
          lease: args[1],
          orFree: args[2],
          ids: args[3].map(({ messageId }) => messageId),
        })
        return settle(calls.length, ...args)
      },
    },
    log: pino({ level: 'silent' }),
    newId: () => 'id',
    onSettled: (items) => settled.push(...items.map(({ messageId }) => messageId)),
    onSensitiveDone: (ids) => sensitive.push(...ids),
  })
  return { settler, calls, settled, sensitive }
}

const none = () => Promise.resolve([])

describe('the settler', () => {
  it('settles what comes together in one statement, a lane and a lease at a time', async () => {
    const { settler, calls } = build(none)
    for (let n = 0; n < 5; n++) settler.add(settlementOf(n))
    settler.add(settlementOf(5, { lease: '8' }))
    settler.add(settlementOf(6, { lane: 'critical' }))
    expect(settler.waiting()).toBe(7)
    await settler.drain()
    expect(calls.map(({ lane, lease, ids }) => [lane, lease, ids.length])).toEqual([
      ['critical', '7', 1],
      ['bulk', '7', 5],
      ['bulk', '8', 1],
    ])
    expect(settler.waiting()).toBe(0)
  })

  it('bounds a statement', async () => {
    const { settler, calls } = build(none)
    for (let n = 0; n < 600; n++) settler.add(settlementOf(n))
    await settler.drain()
    expect(Math.max(...calls.map(({ ids }) => ids.length))).toBeLessThanOrEqual(250)
    expect(calls.flatMap(({ ids }) => ids)).toHaveLength(600)
  })

  it('keeps trying while the database is away, and loses nothing', async () => {
    const { settler, settled } = build((call) =>
      call < 3 ? Promise.reject(new Error('connect ECONNREFUSED')) : none(),
    )
    settler.add(settlementOf(1))
    await settler.drain()
    expect(settled).toEqual(['m1'])
  })

  it('a result that the database cannot take fails alone', async () => {
    const { settler, calls, settled } = build((_call, _lane, _lease, _orFree, items) =>
      items.some(({ messageId }) => messageId === 'm2')
        ? Promise.reject(Object.assign(new Error('bad'), { code: '22P05' }))
        : none(),
    )
    for (let n = 1; n <= 3; n++) settler.add(settlementOf(n))
    await settler.drain()
    expect(calls.map(({ ids }) => ids)).toEqual([['m1', 'm2', 'm3'], ['m1'], ['m2'], ['m3']])
    expect(settled.toSorted()).toEqual(['m1', 'm2', 'm3'])
  })

  it('ends a row whose lease was lost and that nobody holds by what the other side said for certain, and by nothing else', async () => {
    const { settler, calls } = build((_call, _lane, _lease, orFree, items) =>
      Promise.resolve(orFree ? [] : items.map((_, at) => at)),
    )
    settler.add(settlementOf(1))
    settler.add(settlementOf(2, { state: null, type: 'message.deferred' }))
    settler.add(settlementOf(3, { state: 'bounced' }))
    settler.add(settlementOf(4, { state: 'uncertain' }))
    await settler.drain()
    expect(calls.map(({ orFree, ids }) => [orFree, ids])).toEqual([
      [false, ['m1', 'm2', 'm3', 'm4']],
      [true, ['m1', 'm3']],
    ])
  })

  it('tells of sensitive messages that ended, not of those that are tried again', async () => {
    const { settler, sensitive } = build(none)
    settler.add(settlementOf(1), { sensitive: true })
    settler.add(settlementOf(2, { state: null }), { sensitive: true })
    settler.add(settlementOf(3))
    await settler.drain()
    expect(sensitive).toEqual(['m1'])
  })
})
