import type { Logger } from 'pino'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { sealedKeyId, type ContentKey } from '../../platform/sealing/index.ts'
import { addressForEntry } from '../suppressions/index.ts'
import type { DeliveryStore, SuppressionEntry } from './delivery-store.ts'
import type { Job, Settlement } from './job.ts'

export interface SuppressorDependencies {
  readonly store: Pick<DeliveryStore, 'suppress' | 'recipients'>
  readonly keyring: Pick<KeyringClient, 'openContentKeys'>
  readonly log: Logger
  readonly newId: () => string
}

/** Puts recipients that do not exist on their workspace's suppression list, with the reply as evidence. */
export function createSuppressor(deps: SuppressorDependencies) {
  async function suppressOne(
    {
      workspaceId,
      addressIndex,
      address,
      messageId,
    }: Pick<Job['row'], 'workspaceId' | 'addressIndex' | 'address' | 'messageId'>,
    number: number,
    evidence: Settlement['detail'],
  ): Promise<void> {
    const id = deps.newId()
    const keyId = sealedKeyId(address)
    const keys = await deps.keyring
      .openContentKeys(workspaceId, [keyId], 'suppression')
      .catch((error: unknown) => {
        // Contained since, or the keyring is away: the entry matters more than that somebody can read it.
        deps.log.warn({ err: error, message: messageId }, 'A suppressed address is kept by its index only')
        return new Map<string, ContentKey['key']>()
      })
    const entry: SuppressionEntry = {
      id,
      workspaceId,
      addressIndex,
      address: addressForEntry({ workspaceId, messageId, number, address }, id, keys),
      messageId,
      evidence: withoutDialogue(evidence),
    }
    await deps.store.suppress([entry])
  }

  return {
    /** Never waits, never throws: what cannot be written is logged. */
    suppress(job: Job, settlement: Settlement): void {
      suppressOne(job.row, job.row.number, settlement.detail).catch((error: unknown) =>
        deps.log.error(
          { err: error, message: job.row.messageId },
          'A hard bounce could not be put on the suppression list',
        ),
      )
    },
    /** For bounces that a journal remembers. */
    async suppressRows(settlements: readonly Settlement[]): Promise<void> {
      if (settlements.length === 0) return
      for (const row of await deps.store.recipients(settlements)) {
        const settlement = settlements.find(
          (item) => item.messageId === row.messageId && item.number === row.number,
        )
        if (settlement !== undefined) await suppressOne(row, row.number, settlement.detail)
      }
    },
  }
}

/** The dialogue stays with the event that the entry names. */
function withoutDialogue(detail: Settlement['detail']): Settlement['detail'] {
  const { transcript: _, ...rest } = detail
  return rest
}
