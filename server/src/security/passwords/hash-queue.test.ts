import { describe, expect, it } from 'vitest'
import { createHashQueue } from './index.ts'

/** Work that ends when it is told to. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { open: resolve, work: () => promise }
}

describe('the hash queue', () => {
  it('runs and holds no more than it may, whatever floods it, and tells the rest when to come back', async () => {
    let running = 0
    let peak = 0
    let peakWaiting = 0
    const queue = createHashQueue({ runningMax: 2, waitingMax: 50 })
    const flood = Array.from({ length: 5_000 }, (_, n) =>
      queue
        .run(async () => {
          running += 1
          peak = Math.max(peak, running)
          await new Promise((resolve) => setImmediate(resolve))
          running -= 1
          return n
        })
        .finally(() => (peakWaiting = Math.max(peakWaiting, queue.state().waiting))),
    )
    const settled = await Promise.allSettled(flood)
    const refused = settled.filter((one) => one.status === 'rejected')
    expect(settled.length - refused.length).toBe(52)
    for (const one of refused.slice(0, 20))
      expect(one.reason).toMatchObject({ code: 'unavailable', retryAfterSeconds: expect.any(Number) })
    expect(peak).toBe(2)
    expect(peakWaiting).toBeLessThanOrEqual(50)
    expect(queue.state()).toEqual({ running: 0, waiting: 0 })
  })

  it('serves in the order of asking', async () => {
    const queue = createHashQueue({ runningMax: 1 })
    const order: number[] = []
    await Promise.all([1, 2, 3, 4].map((n) => queue.run(async () => order.push(n))))
    expect(order).toEqual([1, 2, 3, 4])
  })

  it('keeps room for others while one client floods it', async () => {
    const queue = createHashQueue({ runningMax: 1, waitingMax: 20, waitingPerClient: 5 })
    const { open, work } = gate()
    const first = queue.run(work, 'flood')
    const flood = Array.from({ length: 100 }, () => queue.run(work, 'flood'))
    const other = queue.run(async () => 'served', 'other')
    const settled = Promise.allSettled(flood)
    open()
    expect(await other).toBe('served')
    await first
    const refused = (await settled).filter((one) => one.status === 'rejected')
    expect(refused).toHaveLength(95)
    expect(refused[0]?.reason).toMatchObject({ code: 'too_many_requests' })
    expect(await queue.run(async () => 'again', 'flood')).toBe('again')
  })

  it('lets nobody wait beyond the deadline, and goes on afterwards', async () => {
    const queue = createHashQueue({ runningMax: 1, deadlineMs: 20 })
    const { open, work } = gate()
    const slow = queue.run(work)
    await expect(queue.run(async () => 'late', 'a')).rejects.toMatchObject({ code: 'unavailable' })
    expect(queue.state()).toEqual({ running: 1, waiting: 0 })
    open()
    await slow
    expect(await queue.run(async () => 'next', 'a')).toBe('next')
  })

  it('goes on after work that fails', async () => {
    const queue = createHashQueue({ runningMax: 1 })
    await expect(queue.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    expect(await queue.run(async () => 1)).toBe(1)
  })
})
