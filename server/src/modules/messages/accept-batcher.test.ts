import { describe, expect, it } from 'vitest'
import { createBatcher, type BatchItem, type BatcherOptions } from './accept-batcher.ts'

interface Item extends BatchItem {
  readonly n: number
}
const itemOf = (n: number, over: Partial<Item> = {}): Item => ({
  n,
  workspaceId: 'w',
  bytes: 10,
  rows: 1,
  ...over,
})

function build(over: Partial<BatcherOptions<Item, number>> = {}) {
  const batches: number[][] = []
  let open: (() => void)[] = []
  let held = false
  const batcher = createBatcher<Item, number>({
    commit: async (items) => {
      batches.push(items.map(({ n }) => n))
      if (held) await new Promise<void>((resolve) => open.push(resolve))
      return items.map(({ n }) => n * 10)
    },
    isItemError: (error) => error instanceof RangeError,
    itemsMax: 4,
    bytesMax: 100,
    rowsMax: 20,
    commitsAtOnce: 2,
    gatherMs: 1,
    waitingMax: 20,
    waitingBytesMax: 1_000,
    ...over,
  })
  return {
    batcher,
    batches,
    hold: () => {
      held = true
    },
    release: () => {
      held = false
      for (const each of open) each()
      open = []
    },
  }
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 5))

describe('the group commit', () => {
  it('gives each its own result, in order, and commits together what came together', async () => {
    const { batcher, batches } = build()
    expect(await Promise.all([1, 2, 3].map((n) => batcher.add(itemOf(n))))).toEqual([10, 20, 30])
    expect(batches).toEqual([[1, 2, 3]])
  })

  it('bounds a batch by items, bytes and rows, but always takes one', async () => {
    const { batcher, batches } = build()
    await Promise.all(Array.from({ length: 9 }, (_, n) => batcher.add(itemOf(n))))
    expect(Math.max(...batches.map((batch) => batch.length))).toBe(4)
    batches.length = 0
    await Promise.all([
      batcher.add(itemOf(1, { bytes: 500 })),
      batcher.add(itemOf(2, { bytes: 60, workspaceId: 'x' })),
      batcher.add(itemOf(3, { rows: 50, workspaceId: 'y' })),
    ])
    expect(batches).toEqual([[1], [2], [3]])
  })

  it('a poisoned item fails alone', async () => {
    const { batcher } = build({
      commit: (items) =>
        items.some(({ n }) => n === 2)
          ? Promise.reject(new RangeError('poison'))
          : Promise.resolve(items.map(({ n }) => n)),
    })
    const results = await Promise.allSettled([1, 2, 3].map((n) => batcher.add(itemOf(n))))
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  })

  it('a failure of the database fails the batch and not the next one', async () => {
    let away = true
    const { batcher } = build({
      commit: (items) =>
        away ? Promise.reject(new Error('away')) : Promise.resolve(items.map(({ n }) => n)),
    })
    await expect(batcher.add(itemOf(1))).rejects.toThrow('away')
    away = false
    expect(await batcher.add(itemOf(2))).toBe(2)
  })

  it('a workspace that holds half of what may wait is told to slow down, and others go on', async () => {
    const { batcher, hold, release } = build()
    hold()
    const first = Promise.allSettled(
      Array.from({ length: 40 }, (_, n) => batcher.add(itemOf(n, { workspaceId: 'greedy' }))),
    )
    await turn()
    const other = batcher.add(itemOf(100, { workspaceId: 'other' }))
    release()
    expect(await other).toBe(1_000)
    const refused = (await first).filter(({ status }) => status === 'rejected')
    expect(refused.length).toBeGreaterThan(20)
    expect(refused[0]).toMatchObject({ reason: { code: 'too_many_requests', retryAfterSeconds: 1 } })
  })

  it('half of the bytes count like half of the items', async () => {
    const { batcher, hold, release } = build()
    hold()
    // The first leaves at once and holds the commit; what comes after it waits.
    const running = batcher.add(itemOf(0))
    await turn()
    const big = (n: number) => batcher.add(itemOf(n, { workspaceId: 'greedy', bytes: 300 }))
    const results = Promise.allSettled([big(1), big(2), big(3)])
    const other = batcher.add(itemOf(9, { workspaceId: 'other', bytes: 300 }))
    release()
    expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    expect([await running, await other]).toEqual([0, 90])
  })

  it('drains: resolves when everything that was taken is committed', async () => {
    const { batcher, hold, release } = build()
    await batcher.drain()
    hold()
    const all = Promise.all(Array.from({ length: 10 }, (_, n) => batcher.add(itemOf(n))))
    let drained = false
    const draining = batcher.drain().then(() => {
      drained = true
    })
    await turn()
    expect(drained).toBe(false)
    release()
    await draining
    expect(batcher.waiting()).toBe(0)
    await all
  })
})
