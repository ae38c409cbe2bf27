import type { Lane } from '../../kernel/lane.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/**
 * Delays after the first, second … attempt; the last repeats until expiry. RFC 5321 §4.5.4.1 asks for 30 minutes between
 * attempts after the first; a code that somebody waits for is tried sooner.
 */
const DELAYS_MS: Readonly<Record<Lane, readonly number[]>> = {
  critical: [
    10 * SECOND,
    20 * SECOND,
    40 * SECOND,
    90 * SECOND,
    3 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
  ],
  transactional: [MINUTE, 3 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR],
  bulk: [5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR],
  internal: [MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR],
}

/**
 * Milliseconds until the attempt after `attempts` attempts, ±20 % so that what failed together does not return together. `schedule`: pauses
 * of the rules in seconds, instead of the lane's own.
 */
export function retryDelayMs(
  lane: Lane,
  attempts: number,
  scale: number,
  random: number,
  schedule?: readonly number[],
): number {
  const delays =
    schedule === undefined || schedule.length === 0
      ? DELAYS_MS[lane]
      : schedule.map((seconds) => seconds * SECOND)
  const delay = delays[Math.min(Math.max(attempts, 1), delays.length) - 1] ?? HOUR
  return delay * scale * (0.8 + 0.4 * random)
}
