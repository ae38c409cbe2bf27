import { wallMs } from './clock.ts'

/** One thing to send. `dueMs` is when it should leave: latency counts from there, so a stalled server cannot hide behind a stalled client. */
export interface Job {
  readonly index: number
  readonly dueMs: number
}

export interface WorkOptions {
  /** How many jobs at most. */
  readonly count: number
  /** Unset: as fast as the connections allow. */
  readonly perSecond?: number
  /** No job is given out after this long. */
  readonly maxSeconds: number
  /** No job is given out once it is aborted. */
  readonly signal?: AbortSignal | undefined
}

/** The wait before a job that the server was too busy for is tried again. */
const RETRY_AFTER_MS = 50

/** Gives out jobs, as fast as asked or at a fixed rate, and never after its time is over. */
export class Work {
  readonly #options: WorkOptions
  readonly #startMs = wallMs()
  #next = 0
  #returned: { readonly job: Job; readonly readyMs: number }[] = []
  #waiting: (() => void)[] = []
  #asleep = false

  constructor(options: WorkOptions) {
    this.#options = options
  }

  get over(): boolean {
    const { maxSeconds, signal } = this.#options
    return signal?.aborted === true || wallMs() - this.#startMs > maxSeconds * 1000
  }

  /** Jobs given out so far, those that came back counted once. */
  get issued(): number {
    return this.#next
  }

  /** The next job; `undefined` when all are out. When the next is not due yet it gives null, and calls `wake` once it may be. */
  take(wake: () => void): Job | null | undefined {
    if (this.over) return undefined
    const now = wallMs()
    const back = this.#returned[0]
    if (back !== undefined && back.readyMs <= now) {
      this.#returned.shift()
      return back.job
    }
    const { count, perSecond } = this.#options
    if (this.#next < count) {
      const dueMs = perSecond === undefined ? now : this.#startMs + (this.#next * 1000) / perSecond
      if (dueMs <= now) return { index: this.#next++, dueMs }
      this.#sleep(wake, Math.min(dueMs, back?.readyMs ?? dueMs) - now)
      return null
    }
    if (back === undefined) return undefined
    this.#sleep(wake, back.readyMs - now)
    return null
  }

  /** Takes back a job that the server put off, to be given out again shortly. */
  giveBack(job: Job): void {
    this.#returned.push({ job, readyMs: wallMs() + RETRY_AFTER_MS })
  }

  #sleep(wake: () => void, ms: number): void {
    this.#waiting.push(wake)
    if (this.#asleep) return
    this.#asleep = true
    setTimeout(() => this.#wakeAll(), Math.max(1, ms))
  }

  #wakeAll(): void {
    this.#asleep = false
    const waiting = this.#waiting
    this.#waiting = []
    for (const each of waiting) each()
  }
}
