import type { Logger } from 'pino'
import { containedFault, findBlocking, noticeOf } from '../../kernel/containment.ts'
import type {
  ActiveContainment,
  ActorClass,
  ContainmentNotice,
  ContainmentQuestion,
} from '../../kernel/containment.ts'
import type { Fault } from '../../kernel/faults.ts'
import { runLoop } from '../../platform/loop/index.ts'
import { listen } from '../../platform/postgres/index.ts'
import type { Pool } from '../../platform/postgres/index.ts'
import { selectActiveContainments } from './containment-store.ts'

/** With the reading itself below the second within which streams of a contained workspace must end. */
const CONTAINMENT_POLL_MS = 500

export interface ContainmentWatch extends AsyncDisposable {
  /** What is in force, as last read. */
  active(): readonly ActiveContainment[]
  /** What stops this, or null. */
  blocking(question: ContainmentQuestion): ContainmentNotice | null
  /** Throws `contained` where something stops this. */
  require(question: ContainmentQuestion): void
  /** Calls `end` once, when this becomes contained; disposing of what it answers stops the watch. */
  watch(question: ContainmentQuestion, end: (fault: Fault) => void): Disposable
  /** How many watches there are for a workspace: its live streams. */
  watched(workspaceId: string): number
  /** Reads now; for whoever changed something and wants to see it. */
  refresh(): Promise<void>
}

/**
 * A process's own copy of what is in force, so that it answers before it works and also refuses reads, which no guard of the database
 * sees. It is fed by NOTIFY and by a poll; while the database is away, what was last known holds until it runs out by itself.
 */
export async function startContainmentWatch(deps: {
  readonly pool: Pool
  readonly log: Logger
  readonly actorClass: Exclude<ActorClass, 'any'>
  readonly nowMs?: () => number
}): Promise<ContainmentWatch> {
  const clockMs = deps.nowMs ?? Date.now
  /** How far the database's clock, by which containments end, is ahead of this host's. */
  let aheadMs = 0
  const nowMs = (): number => clockMs() + aheadMs
  const ending = new AbortController()
  const watchers = new Set<{ readonly question: ContainmentQuestion; readonly end: (fault: Fault) => void }>()
  let active: readonly ActiveContainment[] = []
  let reading: Promise<void> | null = null
  let again = false

  async function read(): Promise<void> {
    const found = await selectActiveContainments(deps.pool)
    active = found.active
    if (found.databaseMs !== null) aheadMs = found.databaseMs - clockMs()
    if (active.length === 0) return
    for (const watcher of watchers) {
      const notice = blocking(watcher.question)
      if (notice === null) continue
      watchers.delete(watcher)
      watcher.end(containedFault(notice))
    }
  }

  /** One at a time; what is announced meanwhile is read right after. */
  function refresh(): Promise<void> {
    if (reading !== null) {
      again = true
      return reading
    }
    reading = (async () => {
      do {
        again = false
        await read()
      } while (again)
    })().finally(() => {
      reading = null
    })
    return reading
  }

  function refreshQuietly(): Promise<void> {
    return refresh().catch((error: unknown) =>
      deps.log.debug({ err: error }, 'Containments could not be read; the last known ones hold'),
    )
  }

  function blocking(question: ContainmentQuestion): ContainmentNotice | null {
    if (active.length === 0 || question.capabilities.length === 0) return null
    const found = findBlocking(active, deps.actorClass, question, nowMs())
    return found === undefined ? null : noticeOf(found, question.capabilities)
  }

  await refreshQuietly()
  const listening = listen(deps.pool, 'bulkhead_containment', deps.log, () => void refreshQuietly())
  const polling = runLoop({
    name: 'read containments',
    everyMs: CONTAINMENT_POLL_MS,
    log: deps.log,
    signal: ending.signal,
    round: async () => {
      await refreshQuietly()
      return undefined
    },
  })

  return {
    active: () => active.filter((containment) => containment.untilMs > nowMs()),
    blocking,
    require(question) {
      const notice = blocking(question)
      if (notice !== null) throw containedFault(notice)
    },
    watch(question, end) {
      const watcher = { question, end }
      watchers.add(watcher)
      return { [Symbol.dispose]: () => void watchers.delete(watcher) }
    },
    watched: (workspaceId) =>
      [...watchers].filter(({ question }) => question.workspaceId === workspaceId).length,
    refresh,
    async [Symbol.asyncDispose]() {
      ending.abort()
      await listening[Symbol.asyncDispose]()
      await polling
    },
  }
}
