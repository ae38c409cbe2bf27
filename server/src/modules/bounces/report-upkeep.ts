import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { runSweep, type UpkeepDependencies } from '../../platform/loop/index.ts'
import { sealedKeyId } from '../../platform/sealing/index.ts'
import { addressForEntry } from '../suppressions/index.ts'
import { createReportUpkeepStore, type DueAddress } from './bounces-store.ts'

const EVERY_MS = 1_000
const TRIM_EVERY_MS = 10 * 60_000
const BATCH = 50
const TRIM_BATCH = 1_000
const KEPT_DAYS = 30

/**
 * What the process that takes reports cannot do, because it opens nothing: suppress the address of a recipient whom a complaint does not
 * name. And trims reports after 30 days. Resolves when the signal has aborted and the last round has ended.
 */
export async function startReportUpkeep(
  deps: UpkeepDependencies & {
    readonly keyring: Pick<KeyringClient, 'openContentKeys'>
    readonly newId: () => string
  },
): Promise<void> {
  const store = createReportUpkeepStore(deps.pool)

  /** Sealed anew for its entry, under the key that it has. */
  async function resealed(due: DueAddress, entryId: string): Promise<Buffer | null> {
    const { workspaceId, address } = due
    if (address === null) return null
    const keyId = sealedKeyId(address)
    const keys = await deps.keyring.openContentKeys(workspaceId, [keyId], 'suppression')
    return addressForEntry({ ...due, address }, entryId, keys)
  }

  await Promise.all([
    runSweep(deps, {
      name: 'suppress after complaints',
      everyMs: EVERY_MS,
      round: async () => {
        const claimed = await store.claim(BATCH)
        for (const due of claimed) {
          const entryId = deps.newId()
          try {
            await store.settle(due.reportId, entryId, await resealed(due, entryId))
          } catch (error) {
            // It is claimed again in a minute; the others must not wait for it.
            deps.log.warn({ err: error, report: due.reportId }, 'An address could not be suppressed yet')
          }
        }
        return claimed.length === BATCH
      },
    }),
    runSweep(deps, {
      name: 'trim reports',
      everyMs: TRIM_EVERY_MS,
      round: async () => (await store.trim(KEPT_DAYS, TRIM_BATCH)) === TRIM_BATCH,
    }),
  ])
}
