import { describe, expect, it } from 'vitest'
import { runKills } from '../faults/campaign.ts'
import { expectNothingLost } from '../faults/expectations.ts'
import { createChance } from '../faults/random.ts'

const ROUNDS = Number(process.env['BULKHEAD_TEST_ROUNDS'] ?? 200)

describe.runIf(process.platform === 'linux')('kill -9 under load, long', () => {
  it(`loses no accepted recipient in ${ROUNDS} kills`, async () => {
    const chance = createChance()
    await runKills(chance, ROUNDS, (campaign) => {
      expect(Object.values(campaign.kills).reduce((sum, count) => sum + count, 0)).toBe(ROUNDS)
      expectNothingLost(`kill rounds, long (seed ${chance.seed})`, campaign)
    })
  }, 3_600_000)
})
