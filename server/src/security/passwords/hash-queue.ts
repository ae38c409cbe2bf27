import { Fault } from '../../kernel/faults.ts'

/** Hashing takes a core and 19 MiB each time, so everybody who wants a hash waits here, and not too many do. */
export interface HashQueue {
  /**
   * Runs `work` when its turn comes, in the order of asking. Throws `unavailable` with `retryAfterSeconds` where too many wait, and where
   * the turn does not come before the deadline; `too_many_requests` where too many of those who wait are of the same `client`.
   */
  run<T>(work: () => Promise<T>, client?: string): Promise<T>
  /** Of this moment. */
  state(): { readonly running: number; readonly waiting: number }
}

interface Waiting {
  readonly client: string | undefined
  readonly start: () => void
  readonly timer: NodeJS.Timeout
}

/** Two hashes leave threads of libuv's four for files and look-ups, and take 38 MiB at most. */
const RUNNING_MAX = 2
/** About two seconds of work for two cores at 31 ms each. */
const WAITING_MAX = 128
/** One client, by its key (an address or a /64), has so much of the queue at most: others still get in. */
const WAITING_PER_CLIENT = 16
const DEADLINE_MS = 5_000
const FIRST_GUESS_MS = 50

/** Builds a bounded queue. Times are in milliseconds; `clock` never goes back. */
export function createHashQueue(
  options: {
    readonly runningMax?: number
    readonly waitingMax?: number
    readonly waitingPerClient?: number
    readonly deadlineMs?: number
    readonly clock?: () => number
  } = {},
): HashQueue {
  const runningMax = options.runningMax ?? RUNNING_MAX
  const waitingMax = options.waitingMax ?? WAITING_MAX
  const perClient = options.waitingPerClient ?? WAITING_PER_CLIENT
  const deadlineMs = options.deadlineMs ?? DEADLINE_MS
  const clock = options.clock ?? (() => performance.now())
  // A Set keeps the order of arrival and lets one in the middle go.
  const waiting = new Set<Waiting>()
  const waitingOf = new Map<string, number>()
  let running = 0
  let meanMs = FIRST_GUESS_MS

  function leave(one: Waiting): void {
    waiting.delete(one)
    clearTimeout(one.timer)
    if (one.client === undefined) return
    const left = (waitingOf.get(one.client) ?? 1) - 1
    if (left === 0) waitingOf.delete(one.client)
    else waitingOf.set(one.client, left)
  }

  function turn(client: string | undefined): Promise<void> {
    if (running < runningMax && waiting.size === 0) {
      running += 1
      return Promise.resolve()
    }
    if (client !== undefined && (waitingOf.get(client) ?? 0) >= perClient)
      throw busy('too_many_requests', 'too many of one client wait')
    if (waiting.size >= waitingMax) throw busy('unavailable', 'the queue is full')
    if (client !== undefined) waitingOf.set(client, (waitingOf.get(client) ?? 0) + 1)
    return new Promise((resolve, reject) => {
      const one: Waiting = {
        client,
        start() {
          leave(one)
          running += 1
          resolve()
        },
        timer: setTimeout(() => {
          const fault = busy('unavailable', 'waited too long')
          leave(one)
          reject(fault)
        }, deadlineMs),
      }
      waiting.add(one)
    })
  }

  /** What is ahead, at the speed of the last hashes: the same for everybody who asks now. */
  function busy(code: 'too_many_requests' | 'unavailable', why: string): Fault {
    const aheadMs = (waiting.size / runningMax) * meanMs
    return new Fault(code, {
      detail: 'Too many passwords are being checked at this moment; try again in a few seconds.',
      internal: `no hash for this one, ${why}: ${running} run, ${waiting.size} wait`,
      retryAfterSeconds: Math.max(1, Math.ceil(aheadMs / 1000)),
    })
  }

  return {
    async run(work, client) {
      await turn(client)
      const startedAt = clock()
      try {
        return await work()
      } finally {
        running -= 1
        meanMs = 0.8 * meanMs + 0.2 * (clock() - startedAt)
        const [next] = waiting
        if (running < runningMax) next?.start()
      }
    },
    state: () => ({ running, waiting: waiting.size }),
  }
}
