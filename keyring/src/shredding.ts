import { Refusal } from './refusal.ts'
import { describeError } from './log.ts'
import type { Log } from './log.ts'
import type { ShredRow, ShredStore } from './shred-store.ts'

const POLL_MS = 1000
const BATCH = 5000
/** A clock step or a long commit of another keyring must not hide a row: each reading begins this long before the last one ended. */
const OVERLAP_MS = 60_000

export type Shredding = ReturnType<typeof createShredding>

/** As in server/src/kernel/installation.ts; nothing of the server is imported here. */
const INSTALLATION_WORKSPACE = '00000000-0000-7000-8000-000000000001'

/**
 * Crypto-shredding: destroys a workspace's keys after a delay in which it can be cancelled. Any keyring does it when the time has come;
 * all of them drop the keys from memory within seconds. Afterwards every request for the workspace is refused.
 */
export function createShredding(deps: {
  store: ShredStore
  log: Log
  delayHours: number
  /** Drops what is in memory of a workspace. */
  forget: (workspaceId: string) => void
}) {
  const { store, log } = deps
  const shredded = new Set<string>()
  let since = new Date(0)
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()

  function bury(workspaceId: string): void {
    if (shredded.has(workspaceId)) return
    shredded.add(workspaceId)
    deps.forget(workspaceId)
  }

  async function learn(): Promise<void> {
    for (;;) {
      const rows = await store.startedSince(since, BATCH)
      for (const row of rows) bury(row.workspaceId)
      const last = rows.at(-1)
      if (last === undefined) return
      if (rows.length < BATCH) {
        since = new Date(Math.max(since.getTime(), last.startedAt.getTime() - OVERLAP_MS))
        return
      }
      since = last.startedAt
    }
  }

  async function execute(): Promise<void> {
    for (;;) {
      if (stopped) return
      const workspaceId = await store.begin()
      if (workspaceId === null) return
      bury(workspaceId)
      while (await store.destroyBelow(workspaceId, BATCH)) if (stopped) return
      await store.finish(workspaceId)
      log('warn', 'A workspace was shredded', { workspace: workspaceId })
    }
  }

  async function round(): Promise<void> {
    try {
      await learn()
      await execute()
    } catch (error) {
      // The store has logged it where the database is away; the next round tries again.
      if (!(error instanceof Refusal)) log('error', 'Shredding failed', { error: describeError(error) })
    }
  }

  function schedule(): void {
    if (stopped) return
    timer = setTimeout(() => {
      running = round().then(schedule)
    }, POLL_MS)
    timer.unref()
  }

  return {
    /** Learns what was shredded before, and goes on by itself. */
    async start(): Promise<void> {
      await learn().catch(() => undefined)
      schedule()
    },

    refuseShredded(workspaceId: string): void {
      if (shredded.has(workspaceId))
        throw new Refusal('shredded', 'The workspace was shredded: its keys are destroyed for good')
    },

    async request(workspaceId: string, requestedBy: string): Promise<ShredRow> {
      if (workspaceId === INSTALLATION_WORKSPACE)
        throw new Refusal('refused', "The installation's own workspace holds the addresses of all people")
      const row = await store.request(workspaceId, requestedBy, deps.delayHours)
      if (row === undefined) throw new Refusal('unavailable', 'The request could not be stored')
      log('warn', 'A workspace is to be shredded', {
        workspace: workspaceId,
        at: row.executeAt.toISOString(),
      })
      return row
    },

    /** Throws `refused` where nothing is pending. */
    async cancel(workspaceId: string, decidedBy: string): Promise<ShredRow> {
      const isCancelled = await store.cancel(workspaceId, decidedBy)
      const row = await store.find(workspaceId)
      if (row === undefined || (!isCancelled && row.state !== 'cancelled'))
        throw new Refusal(
          'refused',
          `Nothing can be cancelled: ${row === undefined ? 'it was not asked for' : `it is ${row.state}`}`,
        )
      return row
    },

    list: (limit: number): Promise<ShredRow[]> => store.list(limit),

    async stop(): Promise<void> {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
