import { Histogram } from 'prom-client'

type LabelValues = Record<string, string>

/** A number that counts up or is set. */
export interface Cell {
  readonly labels: LabelValues
  value: number
}

/** Observations in buckets; `counts` are not cumulative. */
export interface Spread {
  readonly labels: LabelValues
  readonly counts: number[]
  sum: number
  count: number
}

export interface Cells<T> {
  of(values: readonly string[]): T
  all(): readonly T[]
  clear(): void
}

/** Label values are words: a text that came from outside by mistake must not become a page. */
const VALUE_LENGTH_MAX = 120
const OTHER = 'other'

interface Branch<T> {
  readonly next: Map<string, Branch<T>>
  cell: T | undefined
}

/**
 * One cell for each combination of label values, and one more for all that come beyond the bound. Cells hang in a tree of maps, one level
 * for each label: a key that is joined from the values would be built and hashed at every count (measured: twice the time).
 */
export function createCells<T>(
  labels: readonly string[],
  seriesMax: number,
  make: (labels: LabelValues) => T,
): Cells<T> {
  let root: Branch<T> = branch()
  let cells: T[] = []
  let beyond: T | undefined

  function add(values: readonly string[]): T {
    if (cells.length >= seriesMax) {
      if (beyond === undefined) {
        beyond = make(Object.fromEntries(labels.map((label) => [label, OTHER])))
        cells.push(beyond)
      }
      return beyond
    }
    let at = root
    for (const value of values) {
      const next = at.next.get(value) ?? branch()
      at.next.set(value, next)
      at = next
    }
    const made = make(
      Object.fromEntries(labels.map((label, i) => [label, (values[i] ?? '').slice(0, VALUE_LENGTH_MAX)])),
    )
    at.cell = made
    cells.push(made)
    return made
  }

  return {
    of(values) {
      let at: Branch<T> | undefined = root
      for (const value of values) {
        at = at.next.get(value)
        if (at === undefined) return add(values)
      }
      return at.cell ?? add(values)
    },
    all: () => cells,
    clear() {
      root = branch()
      cells = []
      beyond = undefined
    },
  }
}

function branch<T>(): Branch<T> {
  return { next: new Map(), cell: undefined }
}

export function createSpread(labels: LabelValues, buckets: number): Spread {
  return { labels, counts: Array.from({ length: buckets }, () => 0), sum: 0, count: 0 }
}

/** The library's histogram, with numbers that come from cells. */
export class CellHistogram extends Histogram {
  readonly #facts: { readonly name: string; readonly help: string; readonly buckets: readonly number[] }
  readonly #cells: () => readonly Spread[]
  /** Empty; says what the library says of a histogram. */
  readonly #template: Histogram

  constructor(
    configuration: {
      readonly name: string
      readonly help: string
      labelNames: string[]
      registers: []
      buckets: number[]
    },
    cells: () => readonly Spread[],
  ) {
    super(configuration)
    this.#facts = configuration
    this.#cells = cells
    this.#template = new Histogram(configuration)
  }

  override get(): ReturnType<Histogram['get']> {
    return this.getForPromString()
  }

  /** The library asks for this one where it writes text. */
  async getForPromString(): ReturnType<Histogram['get']> {
    const object = await this.#template.get()
    return { ...object, values: this.#cells().flatMap((cell) => this.#valuesOf(cell)) }
  }

  #valuesOf({ labels, counts, sum, count }: Spread) {
    const { name, buckets } = this.#facts
    let below = 0
    const rows = buckets.map((bound, at) => {
      below += counts[at] ?? 0
      return { metricName: `${name}_bucket`, labels: { ...labels, le: bound }, value: below }
    })
    return [
      ...rows,
      { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count },
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ]
  }
}
