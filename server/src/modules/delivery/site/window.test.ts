import { describe, expect, it } from 'vitest'
import { createWindow } from './window.ts'

function run(window: ReturnType<typeof createWindow>, results: string): number {
  for (const result of results)
    if (result === '+') window.success()
    else window.failure()
  return window.size()
}

describe('the window of a site', () => {
  it('moves by one for as many results as it is wide', () => {
    const window = createWindow({ max: () => 20 })
    expect(window.size()).toBe(5)
    expect(run(window, '++++')).toBe(5)
    expect(run(window, '+')).toBe(6)
    expect(run(window, '-----')).toBe(6)
    expect(run(window, '-')).toBe(5)
  })

  it('begins anew when results turn, so that mixed ones do not make it swing', () => {
    const window = createWindow({ max: () => 20 })
    expect(run(window, '+-'.repeat(200))).toBe(5)
  })

  it('is never under one nor over the limit, which may change', () => {
    let max = 8
    const window = createWindow({ max: () => max })
    expect(run(window, '+'.repeat(1_000))).toBe(8)
    max = 3
    expect(window.size()).toBe(3)
    expect(run(window, '-'.repeat(1_000))).toBe(1)
  })

  it('takes a site for dead after three cohorts that failed, and not where one message went between', () => {
    const window = createWindow({ max: () => 20 })
    run(window, '-'.repeat(11))
    expect(window.isDead()).toBe(false)
    run(window, '+')
    run(window, '-'.repeat(3))
    expect(window.isDead()).toBe(false)
    run(window, '-'.repeat(10))
    expect(window.isDead()).toBe(true)
    window.restart()
    expect([window.isDead(), window.size()]).toEqual([false, 1])
  })
})
