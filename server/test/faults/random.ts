/** Chance that can be repeated: mulberry32. The seed of a failed campaign is printed and can be given back in BULKHEAD_TEST_SEED. */
export interface Chance {
  readonly seed: number
  /** 0 ≤ x < 1. */
  next(): number
  between(low: number, high: number): number
  shuffled<T>(items: readonly T[]): T[]
}

export function createChance(seed = Number(process.env['BULKHEAD_TEST_SEED'] ?? Date.now() % 1e9)): Chance {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  return {
    seed,
    next,
    between: (low, high) => low + next() * (high - low),
    shuffled: (items) => {
      const rest = [...items]
      return items.map(() => rest.splice(Math.floor(next() * rest.length), 1)[0]!)
    },
  }
}
