import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { seal, type ContentKey } from '../../platform/sealing/index.ts'
import { addressPlace } from './suppression.ts'
import { putSuppressions, selectOptOut } from './suppressions-store.ts'

/** The entry that says that whoever has this address unsubscribed; undefined: there is none in force. */
export function findOptOut(
  db: TenantDatabase,
  workspaceId: string,
  index: Buffer,
): Promise<{ readonly id: string; readonly created_at: Date } | undefined> {
  return selectOptOut(db, workspaceId, index)
}

/** An entry for somebody who unsubscribed and is known by nothing else from now on. */
export function optOutEntry(
  workspaceId: string,
  entryId: string,
  email: string,
  contentKey: ContentKey,
): { readonly id: string; readonly address: Buffer } {
  return {
    id: entryId,
    address: seal(contentKey, addressPlace(workspaceId, entryId), Buffer.from(email)),
  }
}

/** Keeps an opt-out: no bulk mail goes there. An entry that stops more stays as it is. */
export async function keepOptOut(
  db: TenantDatabase,
  workspaceId: string,
  index: Buffer,
  entry: ReturnType<typeof optOutEntry>,
): Promise<void> {
  const whole = {
    ...entry,
    index,
    reason: 'unsubscribe',
    scope: 'bulk',
    expiresAt: null,
    note: null,
  } as const
  await putSuppressions(db, workspaceId, null, [whole])
}
