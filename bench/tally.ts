import { wallMs } from './clock.ts'
import { Latencies } from './percentiles.ts'
import type { Percentiles } from './percentiles.ts'

/** What a load generator saw. */
export interface LoadReport {
  /** Messages that the server took on (202 or 250). */
  readonly accepted: number
  /** Messages that it refused, or whose fate is not known because the connection broke. */
  readonly failed: number
  /** How often the server asked for a retry (429, 503, 451, 421) that was then made. */
  readonly putOff: number
  readonly seconds: number
  readonly acceptedPerSecond: number
  /** Milliseconds since 1970. */
  readonly firstAcceptMs: number
  readonly lastAcceptMs: number
  /** From when a request was due to its answer. */
  readonly latency: Percentiles
  /** Status or reply, and how often; the first MAX_KINDS different ones. */
  readonly byStatus: Readonly<Record<string, number>>
  /** Whether the time ran out before all was sent. */
  readonly cutShort: boolean
  readonly cpuSeconds: number
}

const MAX_KINDS = 40

/** Adds up what the connections of one run report. */
export class Tally {
  readonly #latency = new Latencies()
  readonly #byStatus = new Map<string, number>()
  readonly #startMs = wallMs()
  readonly #cpu = process.cpuUsage()
  #accepted = 0
  #failed = 0
  #putOff = 0
  #firstAcceptMs = 0
  #lastAcceptMs = 0

  get settled(): number {
    return this.#accepted + this.#failed
  }

  status(status: string, count = 1): void {
    const key = this.#byStatus.has(status) || this.#byStatus.size < MAX_KINDS ? status : 'other'
    this.#byStatus.set(key, (this.#byStatus.get(key) ?? 0) + count)
  }

  accepted(dueMs: number, messages = 1): void {
    const now = wallMs()
    this.#accepted += messages
    if (this.#firstAcceptMs === 0) this.#firstAcceptMs = now
    this.#lastAcceptMs = now
    this.#latency.add(now - dueMs)
  }

  failed(messages = 1): void {
    this.#failed += messages
  }

  putOff(messages = 1): void {
    this.#putOff += messages
  }

  report(expected: number): LoadReport {
    const seconds = (wallMs() - this.#startMs) / 1000
    const cpu = process.cpuUsage(this.#cpu)
    return {
      accepted: this.#accepted,
      failed: this.#failed,
      putOff: this.#putOff,
      seconds: Math.round(seconds * 1000) / 1000,
      acceptedPerSecond: Math.round(this.#accepted / seconds),
      firstAcceptMs: this.#firstAcceptMs,
      lastAcceptMs: this.#lastAcceptMs,
      latency: this.#latency.summary(),
      byStatus: Object.fromEntries(this.#byStatus),
      cutShort: this.settled < expected,
      cpuSeconds: Math.round((cpu.user + cpu.system) / 1e4) / 100,
    }
  }
}
