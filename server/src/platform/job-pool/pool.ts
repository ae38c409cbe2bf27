import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from '../telemetry/index.ts'
import { createFairLine } from './fair-line.ts'
import type { BatchOutcome, JobProcess } from './process.ts'

/** A job that ended its process, or had to be ended with it. */
export interface Stopped {
  readonly stoppedBy: Extract<BatchOutcome, { state: 'stopped' }>['by']
}

export interface JobPool<Job, Result extends object> extends AsyncDisposable {
  /**
   * Does one job for an owner, such as a workspace. `chars`: what the job adds to what is held. `busy`: too much waits already, and the same
   * job may be done later.
   */
  run(owner: string, job: Job, chars: number): Promise<Result | Stopped | 'busy'>
}

export interface JobPoolOptions<Job, Result extends object> {
  readonly start: () => Promise<JobProcess<Job, Result>>
  /** At least 2, so that there is one for others when an owner's job takes its time. */
  readonly processes: number
  /** Who waits for such a result is slow from then on, as after a job that was stopped. */
  readonly isSlow?: (result: Result) => boolean
  /** Of what waits, in characters. */
  readonly bounds: { readonly charsMax: number; readonly charsOfOneMax: number }
  /** For the log: `renders templates`. */
  readonly does: string
  readonly log: Logger
  readonly nowMs: () => number
}

interface Waiting<Job, Result> {
  readonly job: Job
  readonly answer: (result: Result | Stopped | 'busy') => void
}

const ITEMS_MAX = 10_000
const ITEMS_OF_ONE_MAX = 2_000
const WAIT_MS_MAX = 25_000
/** Jobs of one owner that a process does in a turn, unless they take too long: then it begins no more of them. */
const AT_ONCE = 32
/** How long an owner counts as slow after a job of his had to be stopped. */
const SLOW_MS = 60_000
const RESTART_MS = 250
const STARTS_MAX = 5

/**
 * A pool of processes, started when they are needed first. Owners take turns; one owner has all but one at most; and those whose jobs took too
 * long in the last minute come after all others and share half of them, however many they are.
 */
export function createJobPool<Job, Result extends object>(
  options: JobPoolOptions<Job, Result>,
): JobPool<Job, Result> {
  const processesMax = Math.max(2, options.processes)
  const slowMax = Math.floor(processesMax / 2)
  const line = createFairLine<Waiting<Job, Result>>({
    itemsMax: ITEMS_MAX,
    itemsOfOneMax: ITEMS_OF_ONE_MAX,
    ...options.bounds,
  })
  const running = new Map<string, number>()
  const slowUntil = new Map<string, number>()
  const idle: JobProcess<Job, Result>[] = []
  const all = new Set<JobProcess<Job, Result>>()
  let starting = 0
  let failedStarts = 0
  let slowRunning = 0
  let stopping = false

  const isSlow = (owner: string): boolean => (slowUntil.get(owner) ?? 0) > options.nowMs()

  function mayRun(owner: string): boolean {
    if ((running.get(owner) ?? 0) >= processesMax - 1) return false
    return !isSlow(owner) || slowRunning < slowMax
  }

  function noteSlow(owner: string): void {
    for (const [name, until] of slowUntil) if (until <= options.nowMs()) slowUntil.delete(name)
    slowUntil.set(owner, options.nowMs() + SLOW_MS)
  }

  function next(): void {
    if (stopping) return
    for (let child = idle.pop(); child !== undefined; child = idle.pop()) {
      // Who is slow waits until nobody else does.
      const taken =
        line.take((owner) => !isSlow(owner) && mayRun(owner), AT_ONCE) ?? line.take(mayRun, AT_ONCE)
      if (taken === undefined) {
        idle.push(child)
        return
      }
      void work(child, taken.owner, taken.items)
    }
    if (line.size > starting * AT_ONCE && all.size + starting < processesMax) void start()
  }

  async function start(): Promise<void> {
    starting += 1
    try {
      const child = await options.start()
      failedStarts = 0
      all.add(child)
      void child.gone.then(() => {
        all.delete(child)
        const at = idle.indexOf(child)
        if (at >= 0) idle.splice(at, 1)
      })
      if (stopping) await child.end()
      else idle.push(child)
    } catch (error) {
      failedStarts += 1
      options.log.error({ err: error }, `a process that ${options.does} could not be started`)
      await wait(RESTART_MS * failedStarts, undefined, { ref: false })
      // Nobody waits for what does not come; the next job tries again.
      if (failedStarts >= STARTS_MAX && all.size === 0) refuseAll()
    } finally {
      starting -= 1
    }
    next()
  }

  function refuseAll(): void {
    failedStarts = 0
    for (;;) {
      const taken = line.take(() => true, AT_ONCE)
      if (taken === undefined) return
      for (const waiting of taken.items) waiting.answer('busy')
    }
  }

  async function work(
    child: JobProcess<Job, Result>,
    owner: string,
    batch: readonly Waiting<Job, Result>[],
  ): Promise<void> {
    const countsAsSlow = isSlow(owner)
    running.set(owner, (running.get(owner) ?? 0) + 1)
    if (countsAsSlow) slowRunning += 1
    const jobs = batch.map(({ job }) => job)
    const outcome = await child.run(jobs, (at, result) => {
      if (options.isSlow?.(result) === true) noteSlow(owner)
      batch[at]?.answer(result)
    })
    const left = (running.get(owner) ?? 1) - 1
    if (left === 0) running.delete(owner)
    else running.set(owner, left)
    if (countsAsSlow) slowRunning -= 1
    if (outcome.state === 'done') {
      idle.push(child)
      putBack(owner, batch.slice(outcome.jobs))
    } else {
      options.log.warn({ owner, by: outcome.by }, `a job was stopped with the process that ${options.does}`)
      noteSlow(owner)
      batch[outcome.at]?.answer({ stoppedBy: outcome.by })
      putBack(owner, batch.slice(outcome.at + 1))
    }
    next()
  }

  function putBack(owner: string, batch: readonly Waiting<Job, Result>[]): void {
    if (stopping) for (const waiting of batch) waiting.answer('busy')
    else line.putBack(owner, batch)
  }

  return {
    run: (owner, job, chars) =>
      new Promise((resolve) => {
        let timer: NodeJS.Timeout | undefined
        const waiting: Waiting<Job, Result> = {
          job,
          answer: (result) => {
            clearTimeout(timer)
            resolve(result)
          },
        }
        if (stopping || !line.add(owner, waiting, chars)) {
          waiting.answer('busy')
          return
        }
        timer = setTimeout(() => {
          // Does nothing where it is being done already; that ends by itself.
          if (line.remove(owner, waiting)) waiting.answer('busy')
        }, WAIT_MS_MAX)
        timer.unref()
        next()
      }),

    async [Symbol.asyncDispose]() {
      stopping = true
      refuseAll()
      await Promise.all([...all].map((child) => child.end()))
    },
  }
}
