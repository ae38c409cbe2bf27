import { describe, it } from 'vitest'
import { runKills } from './campaign.ts'
import type { Campaign } from './campaign.ts'
import { expectNothingLost, expectOracleCanFail } from './expectations.ts'
import { createChance } from './random.ts'

describe.runIf(process.platform === 'linux')('kill -9 under load', () => {
  it('loses no accepted recipient and explains every copy: each process, PostgreSQL and everything once', async () => {
    const chance = createChance()
    await runKills(chance, 7, async (campaign: Campaign) => {
      expectNothingLost(`kill rounds, short (seed ${chance.seed})`, campaign)
      await expectOracleCanFail(campaign)
    })
  }, 150_000)
})
