import type { Budgets } from './budgets.ts'
import type { LedgerStore } from './ledger-store.ts'
import { describeError } from './log.ts'
import type { Log } from './log.ts'
import { Refusal } from './refusal.ts'
import type { Spool } from './spool.ts'
import type { Store } from './store.ts'

const FORGET_EVERY_MS = 15_000
const REFRESH_EVERY_MS = 60_000
/** What was opened within the hour is not known as long as it could not be read. */
const REFRESH_AGAIN_MS = 1000
const TRIM_EVERY_MS = 3_600_000
const BATCH = 5000

/** What the keyring does by itself from time to time: forgets spool keys, reckons budgets, trims what is old. */
export function createUpkeep(deps: {
  budgets: Budgets
  ledger: LedgerStore
  spool: Spool
  store: Store
  log: Log
}) {
  const timers = new Set<NodeJS.Timeout>()
  let stopped = false
  const isStopped = (): boolean => stopped

  function every(name: string, periodMs: number, work: () => Promise<unknown>, againMs = periodMs): void {
    const run = async (): Promise<void> => {
      let pauseMs = periodMs
      try {
        await work()
      } catch (error) {
        pauseMs = againMs
        // The database's failures are in the log already.
        if (!(error instanceof Refusal))
          deps.log('error', `Upkeep failed: ${name}`, { error: describeError(error) })
      }
      if (stopped) return
      const timer = setTimeout(() => {
        timers.delete(timer)
        void run()
      }, pauseMs)
      timer.unref()
      timers.add(timer)
    }
    void run()
  }

  async function repeat(step: (limit: number) => Promise<number>): Promise<void> {
    let count = BATCH
    while (count === BATCH) count = isStopped() ? 0 : await step(BATCH)
  }

  /** A spool state that was lost is only a loss where something was sealed with it. */
  async function tellOfForeignSpool(): Promise<void> {
    if (await deps.store.hasForeignSpooled(deps.spool.id, deps.spool.oldestHour()))
      deps.log(
        'warn',
        'Sensitive messages are under way that were sealed with another spool state: if its file was lost they do not open any more, if another host has it give all hosts the same file',
        { spool: deps.spool.id },
      )
  }

  return {
    start(): void {
      every('spool keys', FORGET_EVERY_MS, () => deps.spool.forget())
      every('budgets', REFRESH_EVERY_MS, () => deps.budgets.refresh(), REFRESH_AGAIN_MS)
      every('rows of forgotten spool keys', REFRESH_EVERY_MS, () =>
        repeat((limit) => deps.store.destroySpooledBefore(deps.spool.oldestHour(), limit)),
      )
      every('other spool states', TRIM_EVERY_MS, tellOfForeignSpool, REFRESH_AGAIN_MS)
      every('the record of unwraps', TRIM_EVERY_MS, () => repeat((limit) => deps.ledger.trimUnwraps(limit)))
    },
    stop(): void {
      stopped = true
      for (const timer of timers) clearTimeout(timer)
    },
  }
}
