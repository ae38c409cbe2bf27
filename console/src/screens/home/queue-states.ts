import type { QueueGetOutput } from '@bulkhead/sdk'
import { LANES, type Lane } from '../../api/types.ts'

/** Shorter than that is the time that it takes to look. */
export const LATE_MS = 1_000

type Row = QueueGetOutput['data'][number]

/** What the states of the queue mean to somebody who glances: on its way, deferred, planned, stopped. */
export const GROUPS = ['on its way', 'deferred', 'planned', 'stopped'] as const
export type Group = (typeof GROUPS)[number]

function groupOf(state: string): Group {
  switch (state) {
    case 'deferred':
      return 'deferred'
    case 'scheduled':
      return 'planned'
    case 'held':
    case 'contained':
      return 'stopped'
    default:
      return 'on its way'
  }
}

export interface LaneQueue {
  readonly lane: Lane
  readonly counts: Readonly<Record<Group, number>>
  /** How long the oldest that could go has been due; 0: nothing is late. */
  readonly lateMs: number
}

/** Lane by lane; internal mail only where some waits. */
export function lanesOf(rows: readonly Row[], nowMs: number): readonly LaneQueue[] {
  return LANES.filter((lane) => lane !== 'internal' || rows.some((row) => row.lane === lane)).map((lane) => {
    const own = rows.filter((row) => row.lane === lane)
    const count = (group: Group): number =>
      own.filter((row) => groupOf(row.state) === group).reduce((sum, row) => sum + row.recipients, 0)
    const due = own.flatMap((row) =>
      groupOf(row.state) === 'on its way' && row.oldestDue !== null ? [Date.parse(row.oldestDue)] : [],
    )
    return {
      lane,
      counts: {
        'on its way': count('on its way'),
        deferred: count('deferred'),
        planned: count('planned'),
        stopped: count('stopped'),
      },
      lateMs: due.length === 0 ? 0 : Math.max(0, nowMs - Math.min(...due)),
    }
  })
}

export function queueOf(rows: readonly Row[], nowMs: number) {
  const lanes = lanesOf(rows, nowMs)
  const lateMs = Math.max(0, ...lanes.map((lane) => lane.lateMs))
  return {
    waiting: rows.reduce((sum, row) => sum + row.recipients, 0),
    held: lanes.reduce((sum, lane) => sum + lane.counts.stopped, 0),
    lateMs: lateMs > LATE_MS ? lateMs : 0,
  }
}
