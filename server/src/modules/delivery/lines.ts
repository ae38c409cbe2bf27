import type { Logger } from 'pino'
import { LANES, type Lane } from '../../kernel/lane.ts'
import { runLoop } from '../../platform/loop/index.ts'
import type { DeliveryStore } from './delivery-store.ts'
import type { ClaimedRow } from './job.ts'

export interface LinesDependencies {
  readonly store: Pick<DeliveryStore, 'claim' | 'waitingLines'>
  readonly log: Logger
  readonly signal: AbortSignal
  lease(): string | null
  /** How many more rows of a lane fit into memory. */
  room(lane: Lane): number
  /** How many rows of a line may come, 0 where they are not worth a claim; null: its site is not known here. */
  lineRoom(line: bigint, lane: Lane): number | null
  /** Workspaces that may not send to the site of a line now. */
  lineSkips(line: bigint, lane: Lane): readonly string[]
  onClaimed(rows: readonly ClaimedRow[], lease: string): void
  /** The claim's answer was lost. */
  onFailed(lane: Lane): void
}

const LOOK_MS = 250
/** How often lines are looked for that others made. */
const FIND_MS = 3_000
/** A line whose site nobody here knows: a few of its rows tell. */
const UNKNOWN_ROWS = 16
/** Fewer places in a lane are not worth a claim. */
const CLAIM_MIN = 8
const CLAIM_MAX = 200
const ZERO = '00000000-0000-0000-0000-000000000000'

/**
 * Claims from the lines of sites as the sites can take more. Ready rows are claimed by the claimers; what they met of a site that had
 * enough to do stands in its line, and comes from here, an equal share of each workspace, at the site's own pace.
 */
export function createLines(deps: LinesDependencies) {
  const known: Record<Lane, Map<bigint, string>> = {
    critical: new Map(),
    transactional: new Map(),
    bulk: new Map(),
    internal: new Map(),
  }

  let findAtMs = 0

  async function look(): Promise<undefined> {
    const lease = deps.lease()
    if (lease === null) return
    if (performance.now() >= findAtMs) {
      findAtMs = performance.now() + FIND_MS
      await find()
    }
    for (const lane of LANES) await claimLane(lane, lease)
  }

  async function find(): Promise<void> {
    for (const lane of LANES) {
      try {
        for (const line of await deps.store.waitingLines(lane))
          if (!known[lane].has(line)) known[lane].set(line, ZERO)
      } catch (error) {
        deps.log.debug({ err: error, lane }, 'Lines could not be looked for')
      }
    }
  }

  async function claimLane(lane: Lane, lease: string): Promise<void> {
    for (const [line, after] of known[lane]) {
      if (deps.signal.aborted || deps.lease() !== lease) return
      const free = deps.lineRoom(line, lane) ?? UNKNOWN_ROWS
      const ofLane = deps.room(lane)
      if (free < 1 || ofLane < CLAIM_MIN) continue
      const room = Math.min(free, ofLane, CLAIM_MAX)
      try {
        const { rows, stoppedAt } = await deps.store.claim(lane, lease, room, after, {
          line,
          skip: deps.lineSkips(line, lane),
        })
        known[lane].set(line, stoppedAt ?? ZERO)
        if (rows.length > 0) deps.onClaimed(rows, lease)
        // Behind the last workspace, and nothing: it is found again when there is something.
        else if (stoppedAt === undefined && after === ZERO) known[lane].delete(line)
      } catch (error) {
        deps.log.warn({ err: error, lane }, 'Rows of a line could not be claimed; trying again')
        deps.onFailed(lane)
      }
    }
  }

  return {
    /** Until the signal. */
    run: () =>
      runLoop({
        name: 'claim from lines',
        everyMs: LOOK_MS,
        log: deps.log,
        signal: deps.signal,
        round: look,
      }),
    /** Claims of the lane may have put rows into these lines. */
    expect(lane: Lane, lines: Iterable<bigint>): void {
      for (const line of lines) if (!known[lane].has(line)) known[lane].set(line, ZERO)
    },
  }
}
