import type { Lane } from '../../../kernel/lane.ts'
import type { Limits } from '../../shaping/index.ts'

/** Rows of a site in memory before its pace is known. */
const UNKNOWN_MAX = 300
const KNOWN_AFTER_MS = 5_000
/** So much of its own pace waits in memory for a site: what is behind stays in the queue, where it can be fair, held and counted. */
const AHEAD_SECONDS = 2
const ROOM_MIN = 32
/** Fewer free places are not worth a claim, unless there are few anyway. */
const WORTH_MIN = 8
const FORGET_MS = 120_000

/** What a sender has in memory for a site, waiting or on the way, and how fast it goes. */
export function createLoad(deps: {
  readonly nowMs: () => number
  readonly limits: () => Limits
  /** Rows that are too many may wait in the site's line. */
  readonly mayPark: boolean
}) {
  const rows: Record<Lane, number> = { critical: 0, transactional: 0, bulk: 0, internal: 0 }
  const bornMs = deps.nowMs()
  let total = 0
  let doneSinceTick = 0
  let perSecond = 0
  let tickedMs = bornMs
  let lastMs = bornMs

  function most(): number {
    const { maxReady, messageRate } = deps.limits()
    const allowed =
      messageRate === null ? Infinity : (messageRate.count / messageRate.perSeconds) * AHEAD_SECONDS
    const seen = deps.nowMs() - bornMs < KNOWN_AFTER_MS ? UNKNOWN_MAX : perSecond * AHEAD_SECONDS
    return Math.min(maxReady, Math.max(ROOM_MIN, Math.min(allowed, seen)))
  }

  return {
    came(lane: Lane): void {
      rows[lane] += 1
      total += 1
      lastMs = deps.nowMs()
    },
    /** It is about to come. */
    touch(): void {
      lastMs = deps.nowMs()
    },
    /** The other side judged it. */
    done(lane: Lane): void {
      rows[lane] -= 1
      total -= 1
      doneSinceTick += 1
    },
    /** It went back without an attempt. */
    left(lane: Lane): void {
      rows[lane] -= 1
      total -= 1
    },
    /** To be called about once a second. */
    tick(): void {
      const now = deps.nowMs()
      const elapsed = (now - tickedMs) / 1_000
      if (elapsed <= 0) return
      // What a pause of work says about the pace is nothing.
      if (total > 0 || doneSinceTick > 0) perSecond = 0.5 * perSecond + (0.5 * doneSinceTick) / elapsed
      doneSinceTick = 0
      tickedMs = now
    },
    /** Each lane has room of its own: a flood of one keeps no other out of memory, where its turn comes sooner. */
    isFull: (lane: Lane) => deps.mayPark && rows[lane] >= most(),
    isStuffed: () => !deps.mayPark && total >= deps.limits().maxReady,
    /** How many more rows of a lane are worth a claim. */
    room(lane: Lane): number {
      const all = Math.ceil(most())
      const free = all - rows[lane]
      return free >= Math.min(WORTH_MIN, all) ? free : 0
    },
    of: (lane: Lane) => rows[lane],
    total: () => total,
    perSecond: () => perSecond,
    isForgettable: () => total === 0 && deps.nowMs() - lastMs > FORGET_MS,
  }
}

export type Load = ReturnType<typeof createLoad>
