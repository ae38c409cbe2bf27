/** Numbers of a ramp at most; a year of days. */
export const RAMP_DAYS_MAX = 366
/** Messages a day that a ramp may name at most. */
export const RAMP_MESSAGES_MAX = 100_000_000

/**
 * Messages a day to one provider, from the first day of a new address on; after the last day the address is warm. It begins where the
 * schedule that Twilio SendGrid recommends for manual warm-up begins (50), but never more than doubles from one day to the next; from
 * 1,500 on it grows by about 40 % a day. Providers count by address and day, so that the number is of each provider, not of the sum.
 */
export const STANDARD_RAMP: readonly number[] = [
  50, 100, 200, 400, 800, 1_500, 2_500, 4_000, 6_000, 9_000, 13_000, 18_000, 25_000, 35_000, 50_000, 70_000,
  100_000, 140_000, 200_000, 280_000, 400_000,
]

/** A ramp that multiplies: `first`, `first × factor`, … until it reaches `last`, which is its last day. */
export function growingRamp(first: number, factor: number, last: number): readonly number[] {
  const days: number[] = []
  for (let messages = first; messages < last && days.length < RAMP_DAYS_MAX - 1; messages *= factor)
    days.push(Math.floor(messages))
  return [...days, last]
}
