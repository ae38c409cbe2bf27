/** How well a length of time tells two classes apart. */
export interface Separation {
  /** Chance that a random one of the second class took longer than one of the first: 0.5 says nothing, 0 and 1 say everything. */
  readonly auc: number
  /** 95 % confidence interval by DeLong's variance (DeLong, DeLong and Clarke-Pearson 1988). */
  readonly low: number
  readonly high: number
  readonly n: number
}

/** The area under the ROC curve of two samples, ties counted half, and its interval. */
export function separation(first: readonly number[], second: readonly number[]): Separation {
  // For each of the second class, which part of the first took less; and the other way round.
  const wins = places(second, first)
  const losses = places(first, second).map((part) => 1 - part)
  const auc = mean(wins)
  const error = Math.sqrt(variance(wins) / wins.length + variance(losses) / losses.length)
  return { auc, low: auc - 1.96 * error, high: auc + 1.96 * error, n: Math.min(first.length, second.length) }
}

/** For each of some values, which part of others is smaller. */
function places(of: readonly number[], against: readonly number[]): number[] {
  const sorted = [...against].sort((a, b) => a - b)
  return of.map((value) => (below(sorted, value) + below(sorted, value, true)) / 2 / sorted.length)
}

/** How many of a sorted list are smaller than a value, or with `orEqual` not larger. */
function below(sorted: readonly number[], value: number, orEqual = false): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const at = sorted[middle] ?? 0
    if (at < value || (orEqual && at === value)) low = middle + 1
    else high = middle
  }
  return low
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

function variance(values: readonly number[]): number {
  const centre = mean(values)
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / Math.max(1, values.length - 1)
}

/**
 * Measures two kinds of act in pairs, one after the other, the first of each pair by a coin, so that whatever else the machine does hits both
 * alike. The first pairs warm caches and are thrown away. An act answers its own milliseconds.
 */
export async function measurePairs(options: {
  readonly pairs: number
  readonly warmUp: number
  readonly first: (n: number) => Promise<number>
  readonly second: (n: number) => Promise<number>
}): Promise<Separation> {
  const first: number[] = []
  const second: number[] = []
  for (let n = 0; n < options.pairs + options.warmUp; n++) {
    const isSwapped = Math.random() < 0.5
    const early = isSwapped ? await options.second(n) : await options.first(n)
    const late = isSwapped ? await options.first(n) : await options.second(n)
    if (n < options.warmUp) continue
    first.push(isSwapped ? late : early)
    second.push(isSwapped ? early : late)
  }
  return separation(first, second)
}
