import type { z } from 'zod'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { TenantTransactions } from '../../platform/postgres/tenant.ts'
import { bumpEpoch, selectEpochs } from '../../security/epochs/index.ts'
import { Epoch } from './epoch.ts'
import type { BumpedEpoch, EPOCH_CLASSES } from './epoch.ts'

type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'actor' | 'read'>

export interface Epochs {
  /** Kills every credential of the class that the caller's workspace has made until now. One row, whatever their number. */
  bump(
    caller: Caller,
    wanted: { readonly class: (typeof EPOCH_CLASSES)[number]; readonly reason: string },
  ): Promise<z.output<typeof BumpedEpoch>>
  /** The floors that reach the caller's workspace, the youngest first. */
  list(caller: Caller): Promise<{ data: z.output<typeof Epoch>[] }>
}

/** Epochs of a workspace: see security/epochs for how they kill. */
export function createEpochs(deps: {
  readonly transactions: TenantTransactions
  readonly newId: () => string
}): Epochs {
  return {
    async bump(caller, wanted) {
      // Not through `act`: the function writes the audit record itself, so that no process can bump without one.
      const row = await deps.transactions.write(caller.workspaceId, (db) =>
        bumpEpoch(db, {
          ...wanted,
          auditId: deps.newId(),
          scope: 'workspace',
          workspaceId: caller.workspaceId,
          subject: null,
          actor: caller.actor,
        }),
      )
      return {
        scope: 'workspace',
        class: wanted.class,
        floor: Number(row.floor),
        bumpedAt: row.bumped_at.toISOString(),
        reason: wanted.reason,
        keySurvives: wanted.class !== 'any' && wanted.class !== 'api_key',
      }
    },

    async list(caller) {
      const rows = await caller.read((db) => selectEpochs(db, caller.workspaceId))
      return {
        data: rows.map((row) =>
          Epoch.parse({
            scope: row.scope,
            class: row.class,
            floor: Number(row.floor),
            bumpedAt: row.bumped_at.toISOString(),
            reason: row.reason,
          }),
        ),
      }
    },
  }
}
