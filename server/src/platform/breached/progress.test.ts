import { expect, it } from 'vitest'
import { describeProgress } from './index.ts'

/** A list of 45 bytes for each hash. */
function at(done: number, total: number, elapsedMs: number): string {
  return describeProgress({ stage: 'reading', done, total, hashes: done / 45 }, elapsedMs)
}

it('progress tells per cent, rate and time left, as far as they can be known', () => {
  expect(at(450, 45_000_000_000, 100)).toBe('Reading: 0 %, 10 hashes')
  expect(at(9_000_000_000, 45_000_000_000, 100_000)).toBe(
    'Reading: 20 %, 200,000,000 hashes, 2,000,000 a second, 7 min left',
  )
  expect(at(450_000_000, 45_000_000_000, 200_000)).toBe(
    'Reading: 1 %, 10,000,000 hashes, 50,000 a second, 5 h 30 min left',
  )
  expect(at(45_000_000_000, 45_000_000_000, 500_000)).toContain(
    '100 %, 1,000,000,000 hashes, 2,000,000 a second, 0 s left',
  )
  expect(describeProgress({ stage: 'filter', done: 0, total: 0, hashes: 0 }, 0)).toBe(
    'Writing the filter: 100 %, 0 hashes',
  )
  expect(describeProgress({ stage: 'sorting', done: 70, total: 60, hashes: 60 }, 2_000)).toBe(
    'Writing the hashes: 100 %, 70 hashes, 35 a second, 0 s left',
  )
})
