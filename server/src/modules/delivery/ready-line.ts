import type { Lane } from '../../kernel/lane.ts'
import type { Job } from './job.ts'

/** Every so many pulls the lanes go in the opposite order, so that no lane starves behind a busier one. */
const TURN = 8
const ORDER = ['critical', 'transactional', 'internal', 'bulk'] as const satisfies readonly Lane[]
const REVERSE = ['bulk', 'internal', 'transactional', 'critical'] as const satisfies readonly Lane[]

/**
 * Jobs that wait for a connection of one site. Critical mail always goes first; of every eight other pulls one favours bulk. Inside a lane
 * workspaces take turns, so that a thousand jobs of one are one turn away from the first of another.
 */
export function createReadyLine() {
  const lanes: Record<Lane, Turns> = {
    critical: createTurns(),
    transactional: createTurns(),
    bulk: createTurns(),
    internal: createTurns(),
  }
  let size = 0
  let pulls = 0

  return {
    push(job: Job): void {
      lanes[job.row.lane].push(job)
      size += 1
    },
    /** A job that had its turn and lost its connection goes to the front. */
    putFirst(job: Job): void {
      lanes[job.row.lane].putFirst(job)
      size += 1
    },
    /** The next job, and the recipients of the same message that wait right behind it, up to `most` in all. `probe`: the least urgent first. */
    pull(most: number, probe = false): readonly [Job, ...Job[]] | null {
      if (size === 0) return null
      pulls += 1
      const order = probe || (lanes.critical.size() === 0 && pulls % TURN === 0) ? REVERSE : ORDER
      for (const lane of order) {
        const jobs = lanes[lane].pull(most)
        if (jobs === null) continue
        size -= jobs.length
        return jobs
      }
      return null
    },
    /** The job that would be next, roughly; null: none waits. */
    peek(): Job | null {
      for (const lane of ORDER) {
        const job = lanes[lane].peek()
        if (job !== null) return job
      }
      return null
    },
    takeAll(): Job[] {
      size = 0
      return ORDER.flatMap((lane) => lanes[lane].takeAll())
    },
    /** Takes out what `wanted` names. */
    takeWhere(wanted: (job: Job) => boolean): Job[] {
      const taken = ORDER.flatMap((lane) => lanes[lane].takeWhere(wanted))
      size -= taken.length
      return taken
    },
    size: () => size,
    sizeOf: (lane: Lane) => lanes[lane].size(),
  }
}

type Turns = ReturnType<typeof createTurns>

/** A queue per workspace; whoever had a turn goes behind the others. The order of a Map's keys is the order of turns. */
function createTurns() {
  const queues = new Map<string, Job[]>()
  let size = 0

  function queueOf(workspaceId: string): Job[] {
    const found = queues.get(workspaceId)
    if (found !== undefined) return found
    const made: Job[] = []
    queues.set(workspaceId, made)
    return made
  }

  return {
    push(job: Job): void {
      queueOf(job.row.workspaceId).push(job)
      size += 1
    },
    putFirst(job: Job): void {
      queueOf(job.row.workspaceId).unshift(job)
      size += 1
    },
    pull(most: number): readonly [Job, ...Job[]] | null {
      const next = queues.entries().next()
      if (next.done === true) return null
      const [workspaceId, queue] = next.value
      const first = queue.shift()
      queues.delete(workspaceId)
      if (first === undefined) return null
      const rest: Job[] = []
      while (rest.length + 1 < most && queue[0] !== undefined && goesWith(first, queue[0])) {
        const also = queue.shift()
        if (also !== undefined) rest.push(also)
      }
      if (queue.length > 0) queues.set(workspaceId, queue)
      size -= rest.length + 1
      return [first, ...rest]
    },
    peek: (): Job | null => queues.values().next().value?.[0] ?? null,
    takeAll(): Job[] {
      const all = [...queues.values()].flat()
      queues.clear()
      size = 0
      return all
    },
    takeWhere(wanted: (job: Job) => boolean): Job[] {
      const taken: Job[] = []
      for (const [workspaceId, queue] of queues) {
        const kept: Job[] = []
        for (const job of queue) (wanted(job) ? taken : kept).push(job)
        if (kept.length === 0) queues.delete(workspaceId)
        else if (kept.length < queue.length) queues.set(workspaceId, kept)
      }
      size -= taken.length
      return taken
    },
    size: () => size,
  }
}

/** Recipients of one message whose bytes are the same, under one lease. */
function goesWith(one: Job, other: Job): boolean {
  return (
    one.row.messageId === other.row.messageId &&
    one.lease === other.lease &&
    one.chunks === other.chunks &&
    one.alone !== true &&
    other.alone !== true
  )
}
