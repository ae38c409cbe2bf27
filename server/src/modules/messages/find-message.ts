import { Fault } from '../../kernel/faults.ts'
import { decodeId } from '../../kernel/ids.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { findMessage, type MessageRow } from './message-store.ts'

/** The message of an id of this workspace. Throws `not_found`. */
export async function requireMessage(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<MessageRow> {
  const message = await findMessage(db, workspaceId, id)
  if (message === undefined) throw new Fault('not_found', { detail: 'There is no such message.' })
  return message
}

/** An id that is not one of ours names nothing, so it is answered as what it is: not found. */
export function messageIdOf(text: string): string {
  const id = decodeId('message', text)
  if (id === null) throw new Fault('not_found', { detail: 'There is no such message.' })
  return id
}
