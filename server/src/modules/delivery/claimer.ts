import type { Logger } from 'pino'
import type { Lane } from '../../kernel/lane.ts'
import type { Avoided, DeliveryStore } from './delivery-store.ts'
import type { ClaimedRow } from './job.ts'

export interface ClaimerDependencies {
  readonly lane: Lane
  readonly store: Pick<DeliveryStore, 'claim' | 'returnStrays'>
  readonly log: Logger
  readonly signal: AbortSignal
  /** The lease to claim under; null while there is none. */
  lease(): string | null
  /** How many more rows fit into memory. */
  room(): number
  /** The lane's rows in memory, whatever their stage. */
  held(): readonly { readonly messageId: string; readonly number: number }[]
  /** Destinations whose jobs would only wait, and the lines in which they are to do so. */
  avoid(): readonly Avoided[]
  onClaimed(rows: readonly ClaimedRow[], lease: string): void
}

const CLAIM_MAX = 200
/** A claim of a few rows costs as much as one of many; below this a busy lane waits for room. */
const CLAIM_MIN = 64
/** Wake-ups make this rarely matter; it finds what a lost wake-up, a due retry or another host's rows left. */
const POLL_MS: Readonly<Record<Lane, number>> = {
  critical: 250,
  transactional: 500,
  bulk: 1_000,
  internal: 1_000,
}
/** While a lane is busy its claims are at least this far apart: a claim costs 1 ms however few rows it finds. */
const GATHER_MS: Readonly<Record<Lane, number>> = { critical: 4, transactional: 25, bulk: 40, internal: 40 }
const FAILURE_MS = 500
/**
 * After a claim without an answer, strays are looked for at once and again when the statement, which may still wait in a server
 * that hangs, must have ended.
 */
const STRAY_CHECKS_MS = [0, 10_000, 60_000] as const
const ZERO = '00000000-0000-0000-0000-000000000000'

/** Claims one lane's rows as there is room for them. Each lane has a loop and room of its own: a full one holds up no other. */
export function createClaimer(deps: ClaimerDependencies) {
  let after = ZERO
  let wakeUp: (() => void) | undefined
  let woken = false
  let waitsForRoom = false
  /** When to look for rows of a claim whose answer was lost, soonest first. */
  let strayChecks: number[] = []
  /** Rows of this round through the workspaces. */
  let found = 0

  async function run(): Promise<void> {
    while (!deps.signal.aborted) {
      const lease = deps.lease()
      const room = deps.room()
      if (lease === null || room < CLAIM_MIN) {
        waitsForRoom = true
        await sleep(POLL_MS[deps.lane])
        waitsForRoom = false
        continue
      }
      try {
        if ((strayChecks[0] ?? Infinity) <= performance.now()) await returnStrays(lease)
        const limit = Math.min(room, CLAIM_MAX)
        const { rows, stoppedAt } = await deps.store.claim(deps.lane, lease, limit, after, {
          line: 0n,
          avoid: deps.avoid(),
        })
        after = stoppedAt ?? ZERO
        found += rows.length
        if (rows.length > 0) deps.onClaimed(rows, lease)
        if (rows.length > 1 && rows.length < limit) await pause(GATHER_MS[deps.lane])
        if (stoppedAt !== undefined) continue
        const quiet = found < limit / 2 && !isShared(rows, limit)
        found = 0
        if (quiet) await sleep(POLL_MS[deps.lane])
      } catch (error) {
        deps.log.warn({ err: error, lane: deps.lane }, 'Rows could not be claimed; trying again')
        lookForStrays()
        await sleep(FAILURE_MS)
      }
    }
  }

  /** A claim may have worked though its answer was lost: its rows are under our lease and nobody would send them. */
  async function returnStrays(lease: string): Promise<void> {
    const rows = await deps.store.returnStrays(deps.lane, lease, deps.held())
    strayChecks = strayChecks.filter((atMs) => atMs > performance.now())
    if (rows > 0) deps.log.warn({ lane: deps.lane, rows }, 'Rows of a claim whose answer was lost wait again')
  }

  function sleep(ms: number): Promise<void> {
    // A wake-up between two looks counts once; taken here, it cannot turn a wait for room into a busy loop.
    const already = woken
    woken = false
    if (already || deps.signal.aborted) return yieldOnce()
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        deps.signal.removeEventListener('abort', done)
        wakeUp = undefined
        resolve()
      }
      const timer = setTimeout(done, ms)
      deps.signal.addEventListener('abort', done, { once: true })
      wakeUp = done
    })
  }

  function lookForStrays(): void {
    strayChecks = STRAY_CHECKS_MS.map((ms) => performance.now() + ms)
  }

  return {
    run,
    /** A claim of the lane was made elsewhere, and its answer was lost. */
    lookForStrays,
    /** There may be rows. */
    wake(): void {
      if (wakeUp === undefined) woken = true
      else wakeUp()
    },
    /** Rows were settled; a loop that waits for rows rather than room is left alone. */
    roomFreed(): void {
      if (waitsForRoom && deps.room() >= CLAIM_MIN) wakeUp?.()
    },
  }
}

export type Claimer = ReturnType<typeof createClaimer>

/** A workspace took the whole of an equal share, so it may have more than others left it. */
function isShared(rows: readonly ClaimedRow[], limit: number): boolean {
  const perWorkspace = new Map<string, number>()
  for (const { workspaceId } of rows) perWorkspace.set(workspaceId, (perWorkspace.get(workspaceId) ?? 0) + 1)
  return perWorkspace.size > 1 && Math.max(...perWorkspace.values()) * perWorkspace.size >= limit
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Lets sockets and timers have their turn, however often a loop is woken. */
function yieldOnce(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
