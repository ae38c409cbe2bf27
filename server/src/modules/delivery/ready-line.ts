import type { Lane } from '../../kernel/lane.ts'
import type { Job } from './job.ts'

/** Every so many pulls the lanes go in the opposite order, so that no lane starves behind a busier one. */
const TURN = 8
const ORDER = ['critical', 'transactional', 'internal', 'bulk'] as const satisfies readonly Lane[]
const REVERSE = ['bulk', 'internal', 'transactional', 'critical'] as const satisfies readonly Lane[]

/** Jobs that wait for a connection of one site. Critical mail always goes first; of every eight other pulls one favours bulk. */
export function createReadyLine() {
  const lines: Record<Lane, Job[]> = { critical: [], transactional: [], bulk: [], internal: [] }
  let size = 0
  let pulls = 0

  return {
    push(job: Job): void {
      lines[job.row.lane].push(job)
      size += 1
    },
    /** A job that had its turn and lost its connection goes to the front. */
    putFirst(job: Job): void {
      lines[job.row.lane].unshift(job)
      size += 1
    },
    pull(): Job | null {
      if (size === 0) return null
      pulls += 1
      const order = lines.critical.length === 0 && pulls % TURN === 0 ? REVERSE : ORDER
      for (const lane of order) {
        const job = lines[lane].shift()
        if (job === undefined) continue
        size -= 1
        return job
      }
      return null
    },
    takeAll(): Job[] {
      const all = ORDER.flatMap((lane) => lines[lane].splice(0))
      size = 0
      return all
    },
    size: () => size,
  }
}
