import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createBudgets, DEFAULT_FLOORS, readFloors } from './budgets.ts'
import type { HourOfUse } from './ledger-store.ts'

const MINUTE_MS = 60_000

function world(floors = readFloors('{"api":{"workspacesPerHour":3,"keysPerMinute":10}}')) {
  const clock = { nowMs: 1_800_000_000_000 }
  const alarms: string[] = []
  const stored = new Map<string, HourOfUse>()
  let ordinary: { process: string; workspaces: number; keys: number }[] = []
  const budgets = createBudgets({
    floors,
    ledger: {
      openedLately: () => Promise.resolve([]),
      recordUse: async (hours) => {
        for (const hour of hours) stored.set(`${hour.process} ${hour.hour.getTime()}`, hour)
      },
      ordinaryUse: () => Promise.resolve(ordinary),
      trimUse: () => Promise.resolve(),
      recordRefusal: async (row) => {
        alarms.push(row.detail)
      },
    },
    log: () => undefined,
    nowMs: () => clock.nowMs,
  })
  return {
    budgets,
    clock,
    alarms,
    stored,
    setOrdinary: (rows: typeof ordinary) => {
      ordinary = rows
    },
  }
}

describe('budgets', () => {
  it('bound distinct workspaces within any sixty minutes, not the same one again', () => {
    const { budgets, clock } = world()
    const [a, b, c, d] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()]
    budgets.spend('api', a, 1)
    clock.nowMs += 30 * MINUTE_MS
    budgets.spend('api', b, 1)
    budgets.spend('api', c, 1)
    budgets.spend('api', a, 1)
    expect(() => budgets.spend('api', d, 1)).toThrow(/3 workspaces an hour/)
    // The whole hour counts, also across the turn of the clock's hour.
    clock.nowMs += 45 * MINUTE_MS
    expect(() => budgets.spend('api', d, 1)).toThrow(/3 workspaces an hour/)
    clock.nowMs += 16 * MINUTE_MS
    budgets.spend('api', d, 1)
  })

  it('bound keys a minute, and count nothing for what was refused', () => {
    const { budgets, clock, alarms } = world()
    const workspaceId = randomUUID()
    budgets.spend('api', workspaceId, 9)
    expect(() => budgets.spend('api', workspaceId, 2)).toThrow(/10 keys a minute/)
    budgets.spend('api', workspaceId, 1)
    clock.nowMs += MINUTE_MS
    budgets.spend('api', workspaceId, 10)
    expect(() => budgets.spend('api', workspaceId, 1)).toThrow()
    expect(() => budgets.spend('api', workspaceId, 1)).toThrow()
    // One alarm a minute, however often it is tried.
    expect(alarms).toEqual(['10 keys a minute', '10 keys a minute'])
  })

  it('give what is ordinary half as much again, and never less than the floor', async () => {
    const { budgets, setOrdinary } = world()
    setOrdinary([{ process: 'api', workspaces: 16, keys: 60 }])
    await budgets.refresh()
    expect(budgets.state()['api']).toMatchObject({ workspacesPerHour: 24, keysPerMinute: 10 })
    // Who uses all of it again and again gets ten times the floor at last, and then a person decides.
    setOrdinary([{ process: 'api', workspaces: 4000, keys: 1e9 }])
    await budgets.refresh()
    expect(budgets.state()['api']).toMatchObject({ workspacesPerHour: 30, keysPerMinute: 100 })
    setOrdinary([{ process: 'api', workspaces: 1, keys: 1 }])
    await budgets.refresh()
    expect(budgets.state()['api']).toMatchObject({ workspacesPerHour: 3, keysPerMinute: 10 })
  })

  it('remember of each hour what was used and whether it ran out, so that exhausting one does not raise it', async () => {
    const { budgets, clock, stored } = world()
    for (let i = 0; i < 3; i++) budgets.spend('api', randomUUID(), 2)
    expect(() => budgets.spend('api', randomUUID(), 2)).toThrow()
    await budgets.refresh()
    clock.nowMs += 61 * MINUTE_MS
    budgets.spend('api', randomUUID(), 5)
    await budgets.refresh()
    expect(
      [...stored.values()].map(({ workspaces, keys, limited }) => ({ workspaces, keys, limited })),
    ).toEqual([
      { workspaces: 3, keys: 6, limited: true },
      { workspaces: 1, keys: 5, limited: false },
    ])
  })

  it('give nothing to processes that open nothing', () => {
    const { budgets } = world(DEFAULT_FLOORS)
    for (const kind of ['smtp', 'staff', 'audit'] as const)
      expect(() => budgets.spend(kind, randomUUID(), 1)).toThrow(/0 workspaces an hour/)
  })
})
