import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/support/database.ts'
import type { TestDatabase } from '../../../test/support/database.ts'
import { runSwitchTrials } from '../../../test/support/switch-trials.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

describe('contain()', () => {
  it('leaves no contained write to commit after it returns, in 200 switches against 14 writers of two classes', async () => {
    const report = await runSwitchTrials({ database, trials: 200, writers: 7 })
    expect(report.violations).toBe(0)
    expect(report.refused.api).toBeGreaterThan(200)
    expect(report.refused.worker).toBeGreaterThan(200)
    // Within a second, p99.
    const latencies = [...report.latenciesMs].sort((a, b) => a - b)
    expect(latencies[Math.floor(latencies.length * 0.99)]).toBeLessThan(1_000)
    // The class that was not contained was not held up.
    expect(report.oneClassTrials).toBeGreaterThan(80)
    expect(report.othersWentOn).toBe(report.oneClassTrials)
  }, 120_000)

  it('is seen to be broken by the same trials where the guards are gone', async () => {
    await using open = await createTestDatabase()
    await open.pool('owner').query('alter table sending_domain disable trigger user')
    const report = await runSwitchTrials({ database: open, trials: 10, writers: 7 })
    expect(report.violations).toBeGreaterThan(0)
  }, 60_000)
})
