import { fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readFlags, type ReadablePackages } from './readable.ts'

/**
 * How a batch ended: so many jobs are `done`, all unless they took too long, or it was `stopped` at a job, and the process with it. Jobs behind
 * those were not begun.
 */
export type BatchOutcome =
  | { readonly state: 'done'; readonly jobs: number }
  | { readonly state: 'stopped'; readonly at: number; readonly by: 'time' | 'memory' | 'fault' }

/** What a process answers: the result of a job; without one, that it is ready, or that it begins no more of a batch. */
export interface JobAnswer<Result> {
  readonly result: Result | null
  /** What the process has worked since it began. */
  readonly workedMs: number
}

export interface JobProcess<Job, Result> {
  /** Does jobs in their order. After `stopped` the process is dead. Never called while it works. */
  run(jobs: readonly Job[], answer: (at: number, result: Result) => void): Promise<BatchOutcome>
  /** Resolves when the process is gone, whoever ended it. */
  readonly gone: Promise<void>
  end(): Promise<void>
}

export interface JobProcessOptions {
  /** The file that it runs: it answers a null once it takes jobs, then each job of a batch. */
  readonly entry: string
  /** Told to it as JSON, by its arguments. */
  readonly argument: unknown
  readonly packages: ReadablePackages
  /** Of Node, beside those that every such process has. */
  readonly flags?: readonly string[]
  readonly heapMb: number
  /** What one job may work. */
  readonly timeMs: number
}

/** An engine stops most of what takes too long by itself, and says where; this is for what it cannot see, such as one long filter. */
const GRACE_MS = 200
/** So long a job may wait for a busy host before it counts as stuck. */
const WALL_MS_MAX = 15_000
const START_MS_MAX = 30_000

/**
 * Starts a process, and resolves when it takes jobs; throws where it cannot be started. A process and no thread: one value larger than the heap
 * of a thread ends the whole process with it, whatever its limits say, and a process sees no memory of ours. It has no settings of the product
 * and may read its own code only.
 */
export async function startJobProcess<Job, Result>(
  options: JobProcessOptions,
): Promise<JobProcess<Job, Result>> {
  const child = fork(options.entry, [JSON.stringify(options.argument)], {
    env: { TZ: 'UTC' },
    cwd: '/',
    execArgv: [
      `--max-old-space-size=${options.heapMb}`,
      '--max-semi-space-size=8',
      '--disallow-code-generation-from-strings',
      '--disable-proto=delete',
      '--no-warnings',
      '--permission',
      ...(options.flags ?? []),
      ...readFlags(options.entry, options.packages),
    ],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const answers: JobAnswer<Result>[] = []
  let wake: (() => void) | undefined
  let isGone = false
  const gone = new Promise<void>((resolve) => {
    const end = (): void => {
      isGone = true
      wake?.()
      resolve()
    }
    child.once('exit', end)
    // Also a write to a process that has just ended.
    child.on('error', end)
  })
  child.on('message', (answer: JobAnswer<Result>) => {
    answers.push(answer)
    wake?.()
  })

  /** The next answer, or why there is none. `mayWaitMs` is asked again whenever it is over, and ends the wait with 0. */
  async function next(mayWaitMs: () => number): Promise<JobAnswer<Result> | 'late' | 'gone'> {
    for (;;) {
      const answer = answers.shift()
      if (answer !== undefined) return answer
      if (isGone) return 'gone'
      const ms = mayWaitMs()
      if (ms <= 0) return 'late'
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  async function end(): Promise<void> {
    child.kill('SIGKILL')
    await gone
  }

  /** How long a job that has begun may still be waited for. */
  function patience(workedBeforeMs: number): () => number {
    const beganMs = performance.now()
    const limitMs = options.timeMs + GRACE_MS
    return () => {
      const passedMs = performance.now() - beganMs
      if (passedMs < limitMs) return limitMs - passedMs
      const workedMs = workedMsOf(child.pid) ?? workedBeforeMs + passedMs
      const leftMs = limitMs - (workedMs - workedBeforeMs)
      return passedMs > WALL_MS_MAX || leftMs <= 0 ? 0 : Math.max(leftMs, 10)
    }
  }

  const startedMs = performance.now()
  const first = await next(() => START_MS_MAX - (performance.now() - startedMs))
  if (first === 'late' || first === 'gone') {
    await end()
    throw new Error(first === 'late' ? 'it did not start in time' : 'it ended at its start')
  }
  let { workedMs } = first

  return {
    gone,
    end,
    async run(jobs, answer) {
      child.send([...jobs])
      for (let at = 0; at < jobs.length; at++) {
        const outcome = await next(patience(workedMs))
        if (typeof outcome === 'object') {
          workedMs = outcome.workedMs
          if (outcome.result === null) return { state: 'done', jobs: at }
          answer(at, outcome.result)
          continue
        }
        await end()
        if (outcome === 'late') return { state: 'stopped', at, by: 'time' }
        // So V8 ends where its heap is full.
        return { state: 'stopped', at, by: child.signalCode === 'SIGABRT' ? 'memory' : 'fault' }
      }
      return { state: 'done', jobs: jobs.length }
    },
  }
}

/** Linux counts the work of a process in ticks of 10 ms (proc(5)); elsewhere only its own process can tell. */
const TICK_MS = 10

function workedMsOf(pid: number | undefined): number | undefined {
  if (process.platform !== 'linux' || pid === undefined) return undefined
  try {
    // Behind the name, which may hold anything: state is field 3, utime and stime are 14 and 15.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? []
    const ticks = Number(fields[11]) + Number(fields[12])
    return Number.isFinite(ticks) ? ticks * TICK_MS : undefined
  } catch {
    return undefined
  }
}
