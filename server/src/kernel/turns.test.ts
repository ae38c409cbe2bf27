import { expect, it } from 'vitest'
import { createTurns } from './turns.ts'

it('lets timers run between pieces of work that were begun together', async () => {
  const turn = createTurns()
  let ticks = 0
  const timer = setInterval(() => {
    ticks += 1
  }, 1)
  const work = async (): Promise<void> => {
    await turn()
    const untilMs = performance.now() + 40
    while (performance.now() < untilMs);
  }
  await Promise.all(Array.from({ length: 8 }, work))
  clearInterval(timer)
  expect(ticks).toBeGreaterThanOrEqual(5)
})
