import { setTimeout as sleep } from 'node:timers/promises'
import type { LogFiles } from '../../platform/audit-files/index.ts'
import type { Pool } from '../../platform/postgres/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import type { WitnessClient } from '../../platform/witness-client/index.ts'
import { createCheckpoints } from './checkpoints.ts'
import type { AuditSigner, Witness } from './checkpoints.ts'
import { createErasing } from './erasing.ts'
import { tryLeadership } from './leadership-store.ts'
import { recoverLog } from './recovery.ts'
import { createSequencer } from './sequencer.ts'

/** How often waiting acts are looked for. A look at an empty outbox costs one index probe. */
const LOOK_MS = 200
const CHECKPOINT_MS = 1_000
const RETRY_MS = 1_000
const ERASE_MS = 2_000

export interface AuditLogDeps {
  readonly pool: Pool
  readonly log: Logger
  readonly signal: AbortSignal
  readonly signer: AuditSigner
  readonly newId: () => string
  /** Opened by the one that leads, because only one may write. */
  readonly openFiles: () => LogFiles
  readonly witnesses: readonly Witness[]
  readonly witnessClient: WitnessClient
  /** `standing by`: another process leads and does the work. */
  readonly onReady: (state: 'sequencing' | 'standing by') => void
}

/**
 * The work of the audit process: of all that run, one leads (a session lock); it first brings the log of a restored database up to
 * date, then sequences and publishes. Sequencing goes on while the keyring or the witnesses are away.
 */
export function createAuditLog(deps: AuditLogDeps): { run(): Promise<void> } {
  const { pool, log, signal } = deps

  async function lead(lost: AbortSignal): Promise<void> {
    const stop = AbortSignal.any([signal, lost])
    const files = deps.openFiles()
    const sequencer = createSequencer({
      pool,
      newId: deps.newId,
      onRefusals: (refusals) => {
        for (const { process, kind, detail, workspace_id: workspace } of refusals)
          log.warn({ process, kind, detail, workspace }, 'The keyring refused a request')
      },
    })
    const checkpoints = createCheckpoints({ ...deps, files })
    const erasing = createErasing({ pool, files })
    const restored = await recoverLog({ ...deps, files, sequencer, checkpoints })
    log.info({ entries: sequencer.size, restored }, 'Sequencing the audit log')
    deps.onReady('sequencing')
    let isCaughtUp = false
    await Promise.all([
      repeat(
        stop,
        ERASE_MS,
        async () => {
          if (!isCaughtUp) await erasing.catchUp()
          // A round that fails may have erased in the database only.
          isCaughtUp = false
          const erased = await erasing.round()
          isCaughtUp = true
          return erased > 0
        },
        'erase records of shredded workspaces',
      ),
      repeat(stop, LOOK_MS, async () => (await sequencer.round()) > 0, 'sequence the audit log'),
      repeat(
        stop,
        CHECKPOINT_MS,
        async () => {
          await checkpoints.round()
          return false
        },
        'publish the audit log',
        (problem) => checkpoints.trouble(problem),
      ),
    ])
  }

  async function repeat(
    stop: AbortSignal,
    everyMs: number,
    round: () => Promise<boolean>,
    what: string,
    onTrouble?: (problem: string) => Promise<void>,
  ): Promise<void> {
    let failing = false
    while (!stop.aborted) {
      try {
        const isBusy = await round()
        if (failing) log.info({ what }, 'The audit log works again')
        failing = false
        if (!isBusy) await pause(stop, everyMs)
      } catch (error) {
        if (!failing) log.warn({ err: error, what }, 'The audit log waits')
        failing = true
        await onTrouble?.(error instanceof Error ? error.message : 'unknown').catch(() => undefined)
        await pause(stop, RETRY_MS)
      }
    }
  }

  return {
    async run() {
      let isTold = false
      while (!signal.aborted) {
        try {
          await using leadership = await tryLeadership(pool)
          if (leadership === null) {
            if (!isTold) deps.onReady('standing by')
            isTold = true
          } else {
            await lead(leadership.lost)
          }
        } catch (error) {
          log.error({ err: error }, 'The audit log cannot be led')
        }
        await pause(signal, RETRY_MS)
      }
    },
  }
}

async function pause(signal: AbortSignal, ms: number): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}
