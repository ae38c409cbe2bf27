/** A sweep may take a twentieth of the time. */
const SHARE = 20

/**
 * The pause after a round that took `tookMs` and touched `rows` of at most `limit`: none after a full one, because more waits;
 * otherwise so long that the duty takes at most a twentieth of the time, within the bounds. Milliseconds.
 */
export function pauseAfter(
  round: { readonly tookMs: number; readonly rows: number; readonly limit: number },
  bounds: { readonly leastMs: number; readonly mostMs: number },
): number {
  if (round.rows >= round.limit) return 0
  return Math.min(bounds.mostMs, Math.max(bounds.leastMs, round.tookMs * SHARE))
}
