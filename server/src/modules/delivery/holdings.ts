import type { Lane } from '../../kernel/lane.ts'
import { jobKey, rowOfKey, type ClaimedRow, type Job } from './job.ts'

/** Of opened messages that wait for a connection or a reply; critical mail is opened beyond it. */
const LOADED_BYTES_MAX = 128 * 1024 * 1024

/** What a sender has claimed and not settled: rows, and the bytes of those that are opened. */
export function createHoldings() {
  /** Claims in memory per row: a row that was put back can be claimed again before its settlement has returned. */
  const held = new Map<string, number>()
  const byLane: Record<Lane, number> = { critical: 0, transactional: 0, bulk: 0, internal: 0 }
  const loaded = new Map<string, number>()
  let loadedBytes = 0

  function unload(key: string): void {
    loadedBytes -= loaded.get(key) ?? 0
    loaded.delete(key)
  }

  return {
    remember(row: ClaimedRow): void {
      const key = jobKey(row)
      held.set(key, (held.get(key) ?? 0) + 1)
      byLane[row.lane] += 1
    },
    forget(row: Pick<ClaimedRow, 'lane' | 'messageId' | 'number'>): void {
      const key = jobKey(row)
      unload(key)
      const claims = held.get(key)
      if (claims === undefined) return
      if (claims > 1) held.set(key, claims - 1)
      else held.delete(key)
      byLane[row.lane] -= 1
    },
    /** Recipients of one message share its bytes. */
    load(job: Job, sharedBy: number): void {
      const key = jobKey(job.row)
      const bytes = Math.ceil(job.bytes / sharedBy)
      loadedBytes += bytes - (loaded.get(key) ?? 0)
      loaded.set(key, bytes)
    },
    isFull: () => loadedBytes >= LOADED_BYTES_MAX,
    of: (lane: Lane) => byLane[lane],
    rows: () => [...held.keys()].map(rowOfKey),
    state: () => ({ ...byLane }),
  }
}

export type Holdings = ReturnType<typeof createHoldings>
