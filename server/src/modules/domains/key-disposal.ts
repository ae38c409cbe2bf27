import type { AuditRecord } from '../../kernel/audit-record.ts'
import { encodeId } from '../../kernel/ids.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { runSweep } from '../../platform/loop/index.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantDatabase, TenantTransactions } from '../../platform/postgres/tenant.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import { claimDisposals, settleDisposal } from './key-store.ts'

const EVERY_MS = 15_000
const AT_ONCE = 20
/** How long a key that could not be destroyed is left alone. */
const HOLD_SECONDS = 300

export interface KeyDisposal {
  /** Destroys what is due; answers how many there were. */
  round(): Promise<number>
  /** Rounds until the signal aborts; in any number of processes. */
  run(signal: AbortSignal): Promise<void>
}

/**
 * Destroys private DKIM keys that nothing needs: of retired selectors, of rotations that were called off, of removed domains. The keyring is
 * told first and the database after it, so that a key that counts as destroyed is.
 */
export function createKeyDisposal(deps: {
  readonly pool: Queryable
  readonly keyring: Pick<KeyringClient, 'destroyDkimKey'>
  readonly transactions: TenantTransactions
  readonly recordAudit: (db: TenantDatabase, record: AuditRecord) => Promise<void>
  readonly log: Logger
}): KeyDisposal {
  async function destroy(workspaceId: string, keyId: string): Promise<void> {
    await deps.keyring.destroyDkimKey(workspaceId, keyId)
    await deps.transactions.write(workspaceId, async (db) => {
      for (const { domain_id, selector } of await settleDisposal(db, workspaceId, keyId))
        await deps.recordAudit(db, {
          workspaceId,
          actor: 'api:key-disposal',
          action: 'domain.key_destroyed',
          target: encodeId('domain', domain_id),
          detail: { selector },
        })
    })
  }

  async function round(): Promise<number> {
    const due = await claimDisposals(deps.pool, AT_ONCE, HOLD_SECONDS)
    for (const { workspace_id, key_id } of due) {
      try {
        await destroy(workspace_id, key_id)
      } catch (error) {
        deps.log.warn({ err: error, keyId: key_id }, 'A DKIM key could not be destroyed; it is tried again')
      }
    }
    return due.length
  }

  return {
    round,
    run: (signal) =>
      runSweep(
        { log: deps.log, signal },
        { name: 'destroy DKIM keys', everyMs: EVERY_MS, round: async () => (await round()) === AT_ONCE },
      ),
  }
}
