/** Latencies in milliseconds, as the reports print them. */
export interface Percentiles {
  readonly count: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/**
 * The value below or at which the share `p` (0 to 1) of the sorted values lie: the nearest-rank method, so the answer is always a
 * value that was measured. NaN when there are none.
 */
export function percentile(sorted: ArrayLike<number>, p: number): number {
  if (sorted.length === 0) return Number.NaN
  const rank = Math.max(1, Math.ceil(Math.min(1, Math.max(0, p)) * sorted.length))
  return sorted[rank - 1] ?? Number.NaN
}

/** A growing list of milliseconds, bounded: after `limit` values the rest is counted but not kept. */
export class Latencies {
  #values: Float64Array
  #kept = 0
  #seen = 0
  readonly #limit: number

  constructor(limit = 4_000_000) {
    this.#limit = limit
    this.#values = new Float64Array(Math.min(1024, limit))
  }

  add(ms: number): void {
    this.#seen++
    if (this.#kept >= this.#limit) return
    if (this.#kept === this.#values.length) {
      const grown = new Float64Array(Math.min(this.#limit, this.#values.length * 2))
      grown.set(this.#values)
      this.#values = grown
    }
    this.#values[this.#kept++] = ms
  }

  /** The percentiles so far, rounded to a hundredth of a millisecond; zeros when nothing was measured. */
  summary(): Percentiles {
    const sorted = this.#values.slice(0, this.#kept).sort()
    const at = (p: number): number =>
      sorted.length === 0 ? 0 : Math.round(percentile(sorted, p) * 100) / 100
    return { count: this.#seen, p50Ms: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99), maxMs: at(1) }
  }
}
