import { runLoop } from '../../platform/loop/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import type { Detection } from '../../security/detection/index.ts'
import { clientKeyOf } from '../../security/limits/index.ts'
import type { PeopleSealing } from './client-facts.ts'
import type { LogInLetters } from './letters.ts'
import type { LogInStore } from './log-in-store.ts'

const BATCH = 50
const EVERY_MS = 2_000
const TRIM_EVERY_MS = 3_600_000
const TRIM_MAX = 5_000

interface Dependencies {
  readonly store: Pick<LogInStore, 'claimAbandoned' | 'settleAbandoned' | 'trim'>
  readonly sealing: Pick<PeopleSealing, 'openAbandoned'>
  readonly letters: Pick<LogInLetters, 'abandoned'>
  readonly detection: Pick<Detection, 'observe'>
  readonly log: Logger
}

/**
 * Tells the owners of log-ins that were abandoned after the right password (D-05). A claim lasts 20 s: where a process dies between the claim
 * and the letter, the next one tells; a letter that was committed already is not sent again. Answers how many were told.
 */
export async function tellAbandoned(deps: Dependencies): Promise<number> {
  const rows = await deps.store.claimAbandoned(BATCH)
  let told = 0
  let failure: unknown = null
  for (const row of rows) {
    try {
      const { email, client } = await deps.sealing.openAbandoned(row)
      await deps.detection.observe({
        kind: 'log_in',
        outcome: 'abandoned',
        clientKey: clientKeyOf(client.address),
        userAgent: client.userAgent,
        emailIndex: null,
        personId: row.person_id,
        knownDevice: row.device_known,
      })
      await deps.letters.abandoned(email, client, row.created_at, row.id, row.reset_demanded)
      await deps.store.settleAbandoned(row.id)
      told += 1
    } catch (error) {
      // One that fails keeps none of the others waiting; its claim runs out.
      failure = error
    }
  }
  if (failure !== null) throw failure
  return told
}

/** Runs `tellAbandoned` every two seconds until the signal aborts, and takes away once an hour what is kept no longer. */
export async function runLogInUpkeep(deps: Dependencies & { readonly signal: AbortSignal }): Promise<void> {
  let trimmedAt = performance.now()
  await runLoop({
    name: 'log-in upkeep',
    everyMs: EVERY_MS,
    log: deps.log,
    signal: deps.signal,
    round: async () => {
      await tellAbandoned(deps)
      if (performance.now() - trimmedAt >= TRIM_EVERY_MS) {
        trimmedAt = performance.now()
        await deps.store.trim(TRIM_MAX)
      }
      return undefined
    },
  })
}
