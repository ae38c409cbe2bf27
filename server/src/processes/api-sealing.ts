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
  readonly workspacesAtOnce?: number
}

/**
 * Seals what an older version stored readable, a few hundred rows per transaction, while everything goes on; answers how many rows
 * there were. Only the api process may seal. Where the keyring is away, or a workspace is contained, it tries again until the signal
 * ends; until then those rows are not shown.
 */
export async function sealOldRows(deps: SealingDependencies): Promise<number> {
  const { transactions, keyring, log, signal } = deps
  let count = 0
  let after: string | null = null
  let found = 0
  let failure: unknown = null
  for (let told = false; !signal.aborted;) {
    const ids = await nextWorkspaces()
    // In order and to the end: contained workspaces, however many, wait for the next round, and nobody waits for them.
    after = ids.at(-1) ?? null
    for (const id of ids) await sealWorkspace(id)
    found += ids.length
    if (ids.length > 0) continue
    if (failure === null && found === 0) break
    found = 0
    if (failure === null) continue
    if (!told) log.warn({ err: failure }, 'Rows of an older version cannot be sealed yet; trying again')
    told = true
    failure = null
    await wait(deps.againMs ?? AGAIN_MS, undefined, { signal }).catch(() => undefined)
  }
  if (count > 0) log.info({ count }, 'Rows of an older version are sealed now')
  return count

  function nextWorkspaces(): Promise<string[]> {
    return transactions
      .read(NO_WORKSPACE, (db) =>
        selectUnsealedWorkspaces(db, after, deps.workspacesAtOnce ?? WORKSPACES_AT_ONCE),
      )
      .catch((error: unknown) => {
        failure = error
        return []
      })
  }

  /** A few hundred rows at a time, until none is left. */
  async function sealWorkspace(id: string): Promise<void> {
    try {
      for (let before = -1; before !== count && !signal.aborted;) {
        before = count
        count += await transactions.write(id, (db) => sealReadableSenders(keyring, db, id))
        count += await transactions.write(id, (db) => sealReadableNotes(keyring, db, id))
      }
    } catch (error) {
      failure = error
    }
  }
}
