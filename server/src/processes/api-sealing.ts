import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { selectUnsealedWorkspaces } from '../modules/inventory/index.ts'
import { sealReadableSenders } from '../modules/senders/index.ts'
import { sealReadableNotes } from '../modules/suppressions/index.ts'
import type { KeyringClient } from '../platform/keyring-client/index.ts'
import type { TenantTransactions } from '../platform/postgres/tenant.ts'

const NO_WORKSPACE = '00000000-0000-0000-0000-000000000000'
const WORKSPACES_AT_ONCE = 100
const AGAIN_MS = 2000

export interface SealingDependencies {
  readonly transactions: TenantTransactions
  readonly keyring: Pick<KeyringClient, 'contentKey' | 'blindAddresses' | 'openContentKeys'>
  readonly log: Logger
  readonly signal: AbortSignal
  readonly againMs?: number
}

/**
 * Seals what an older version stored readable, a few hundred rows per transaction, while everything goes on; answers how many rows
 * there were. Only the api process may seal. Where the keyring is away, or a workspace is contained, it tries again until the signal
 * ends; until then those rows are not shown.
 */
export async function sealOldRows(deps: SealingDependencies): Promise<number> {
  const { transactions, keyring, log, signal } = deps
  let count = 0
  for (let told = false; !signal.aborted;) {
    let failure: unknown = null
    const ids = await transactions
      .read(NO_WORKSPACE, (db) => selectUnsealedWorkspaces(db, WORKSPACES_AT_ONCE))
      .catch((error: unknown) => {
        failure = error
        return []
      })
    if (ids.length === 0 && failure === null) break
    for (const id of ids) {
      try {
        count += await transactions.write(id, (db) => sealReadableSenders(keyring, db, id))
        count += await transactions.write(id, (db) => sealReadableNotes(keyring, db, id))
      } catch (error) {
        failure = error
      }
    }
    if (failure === null) continue
    if (!told) log.warn({ err: failure }, 'Rows of an older version cannot be sealed yet; trying again')
    told = true
    await wait(deps.againMs ?? AGAIN_MS, undefined, { signal }).catch(() => undefined)
  }
  if (count > 0) log.info({ count }, 'Rows of an older version are sealed now')
  return count
}
