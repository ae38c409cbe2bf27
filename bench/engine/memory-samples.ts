import type { MemoryTrend } from './report-engine.ts'

const KB_PER_MB = 1024
const SECONDS_PER_HOUR = 3600

/** The slope of the least-squares line through these points; 0 where there are fewer than two moments. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (of: (point: readonly [number, number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [x, y] = [mean((point) => point[0]), mean((point) => point[1])]
  const spread = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0)
  if (!(spread > 0)) return 0
  return points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) / spread
}

/** Resident memory over time, by kind of process. */
export class MemorySamples {
  readonly #series = new Map<string, (readonly [seconds: number, mb: number])[]>()
  #count = 0

  get count(): number {
    return this.#count
  }

  add(seconds: number, kbByProcess: ReadonlyMap<string, number>): void {
    this.#count++
    for (const [name, kb] of kbByProcess) {
      const series = this.#series.get(name) ?? []
      this.#series.set(name, series)
      series.push([seconds, kb / KB_PER_MB])
    }
  }

  /** The slope is that of the second half: caches fill and code is compiled in the first. */
  trends(): MemoryTrend[] {
    return [...this.#series].map(([process, series]) => {
      const values = series.map(([, mb]) => mb)
      return {
        process,
        firstMb: values[0] ?? 0,
        lastMb: values.at(-1) ?? 0,
        maxMb: values.reduce((most, mb) => Math.max(most, mb), 0),
        mbPerHour: slope(series.slice(Math.floor(series.length / 2))) * SECONDS_PER_HOUR,
      }
    })
  }
}
