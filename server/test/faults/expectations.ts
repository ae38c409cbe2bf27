import { expect } from 'vitest'
import { figures } from './campaign.ts'
import type { Campaign } from './campaign.ts'
import { reconcile } from './reconcile.ts'

/** Prints the figures and asserts the promise: nothing lost, nothing invented, every copy explained and bounded. */
export function expectNothingLost(title: string, campaign: Campaign): void {
  process.stdout.write(figures(title, campaign))
  const { verdict, load, sink } = campaign
  expect(verdict.lost).toEqual([])
  expect(verdict.wrong).toEqual([])
  expect(verdict.duplicates.unexplained).toEqual([])
  expect(verdict.ledgerProblems).toEqual([])
  expect(load.complaints).toEqual([])
  expect(verdict.accepted).toBeGreaterThan(100)
  // Copies come from dots that were out when a sender died, and from a receiver that took a message and hung up.
  const [, , tookAndHungUp = 0, hungUp = 0] = sink.ruleActed
  expect(verdict.duplicates.copies).toBeLessThanOrEqual(verdict.inFlightAtKills + tookAndHungUp)
  // Bulk mail that ended as uncertain and did not arrive: the same, and what the receiver dropped without a word.
  expect(verdict.endedOtherwise['uncertain'] ?? 0).toBeLessThanOrEqual(verdict.inFlightAtKills + hungUp)
}

/** The control arm: evidence that was tampered with is seen, so that a silent oracle is not taken for a good result. */
export async function expectOracleCanFail({ evidence }: Campaign): Promise<void> {
  const answered = new Set(
    evidence.requests
      .filter((request) => request.outcome === 'accepted')
      .flatMap((request) => request.recipients),
  )
  const once = evidence.journal.filter(
    ({ recipient }, _at, all) =>
      answered.has(recipient) && all.filter((line) => line.recipient === recipient).length === 1,
  )
  const victim = once[Math.floor(once.length / 2)]!
  const withoutOne = await reconcile({
    ...evidence,
    journal: evidence.journal.filter((line) => line !== victim),
  })
  expect(withoutOne.lost).toHaveLength(1)
  expect(withoutOne.lost[0]).toContain(victim.recipient)

  const bounced = await reconcile({
    ...evidence,
    journal: evidence.journal.filter((line) => line !== victim),
    fateOf: async () => ({ state: 'bounced', uncertain: 0 }),
  })
  expect(bounced.lost.some((text) => text.includes(victim.recipient))).toBe(true)

  const calm = { ...evidence, outages: [] }
  const withCopy = await reconcile({ ...calm, journal: [...evidence.journal, victim] })
  expect(withCopy.duplicates.unexplained.some((text) => text.includes(victim.recipient))).toBe(true)

  const stranger = { ...victim, recipient: 'nobody@sent.test' }
  expect((await reconcile({ ...evidence, journal: [...evidence.journal, stranger] })).wrong).toHaveLength(1)

  const other = { ...victim, id: '<msg_00000000000000000000000000@example.test>' }
  expect((await reconcile({ ...evidence, journal: [...evidence.journal, other] })).wrong).toHaveLength(1)

  const { ledger } = evidence
  const shifted = { ...ledger, accepted: ledger.accepted + 100_000 }
  expect((await reconcile({ ...evidence, ledger: shifted })).ledgerProblems).toHaveLength(1)
}
