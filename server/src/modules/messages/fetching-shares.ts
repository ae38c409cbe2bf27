import { createFairLine } from '../../platform/job-pool/index.ts'

const WAITING_MAX = 400
const WAITING_OF_ONE_MAX = 40

export interface FetchingBounds {
  readonly atOnceMax: number
  readonly atOnceOfOneMax: number
  /** What was fetched and is still held. */
  readonly bytesMax: number
  readonly bytesOfOneMax: number
  readonly waitMsMax: number
}

/** What one process may fetch at once, shared by owners who take turns: none has all places, nor all memory. */
export function createFetchingShares(bounds: FetchingBounds) {
  const line = createFairLine<(isEntered: boolean) => void>({
    itemsMax: WAITING_MAX,
    itemsOfOneMax: WAITING_OF_ONE_MAX,
    charsMax: 0,
    charsOfOneMax: 0,
  })
  const running = createTally()
  const held = createTally()

  function next(): void {
    while (running.all < bounds.atOnceMax) {
      const taken = line.take((owner) => running.of(owner) < bounds.atOnceOfOneMax, 1)
      if (taken === undefined) return
      running.add(taken.owner, 1)
      for (const enter of taken.items) enter(true)
    }
  }

  return {
    /** True once a place is free, which `leave` gives back; false where too many wait, it took too long, or nobody waits any more. */
    enter: (owner: string, signal: AbortSignal): Promise<boolean> =>
      new Promise((resolve) => {
        let timer: NodeJS.Timeout | undefined
        const enter = (isEntered: boolean): void => {
          clearTimeout(timer)
          signal.removeEventListener('abort', giveUp)
          resolve(isEntered)
        }
        const giveUp = (): void => {
          if (line.remove(owner, enter)) enter(false)
        }
        if (signal.aborted || !line.add(owner, enter, 0)) {
          resolve(false)
          return
        }
        timer = setTimeout(giveUp, bounds.waitMsMax)
        signal.addEventListener('abort', giveUp)
        next()
      }),

    leave(owner: string): void {
      running.add(owner, -1)
      next()
    },

    /** False where the owner, or everybody together, holds too much; then nothing is added. */
    hold(owner: string, bytes: number): boolean {
      if (held.all + bytes > bounds.bytesMax || held.of(owner) + bytes > bounds.bytesOfOneMax) return false
      held.add(owner, bytes)
      return true
    },

    giveBack(owner: string, bytes: number): void {
      held.add(owner, -bytes)
    },
  }
}

function createTally() {
  const counts = new Map<string, number>()
  let all = 0
  return {
    of: (owner: string): number => counts.get(owner) ?? 0,
    get all() {
      return all
    },
    add(owner: string, count: number): void {
      all += count
      const left = (counts.get(owner) ?? 0) + count
      if (left === 0) counts.delete(owner)
      else counts.set(owner, left)
    },
  }
}
