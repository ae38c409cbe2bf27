import { z } from 'zod'
import { encodeId } from '../../kernel/ids.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { open, seal, sealedKeyId } from '../../platform/sealing/index.ts'
import { Attributes, contactPlace } from './contact.ts'
import type { ContactFacts, ContactView } from './contact.ts'
import { selectContactsById, type ContactRow } from './contacts-store.ts'

export type ContactKeyring = Pick<KeyringClient, 'blindAddresses' | 'contentKey' | 'openContentKeys'>

const Facts = z.object({
  email: z.string(),
  firstName: z.string().nullable(),
  lastName: z.string().nullable(),
  attributes: Attributes,
})

export async function sealContact(
  keyring: ContactKeyring,
  workspaceId: string,
  contactId: string,
  facts: ContactFacts,
): Promise<Buffer> {
  const { email, firstName, lastName, attributes } = facts
  const plain = Buffer.from(JSON.stringify({ email, firstName, lastName, attributes }))
  return seal(await keyring.contentKey(workspaceId), contactPlace(workspaceId, contactId), plain)
}

/** What the rows say, in their order. `reason` is what the keyring notes. */
export async function openContacts(
  keyring: Pick<ContactKeyring, 'openContentKeys'>,
  workspaceId: string,
  rows: readonly Pick<ContactRow, 'id' | 'sealed'>[],
  reason: string,
): Promise<ContactFacts[]> {
  if (rows.length === 0) return []
  const keyIds = [...new Set(rows.map((row) => sealedKeyId(row.sealed)))]
  const keys = await keyring.openContentKeys(workspaceId, keyIds, reason)
  return rows.map((row) =>
    Facts.parse(JSON.parse(open(keys, contactPlace(workspaceId, row.id), row.sealed).toString())),
  )
}

export async function blindIndexes(
  keyring: Pick<ContactKeyring, 'blindAddresses'>,
  workspaceId: string,
  indexed: readonly string[],
): Promise<Buffer[]> {
  if (indexed.length === 0) return []
  const blinded = await keyring.blindAddresses(workspaceId, [...indexed])
  if (blinded.length !== indexed.length) throw new Error('the keyring answered fewer indexes than addresses')
  return blinded.map((blind) => blind.index)
}

export async function blindIndex(
  keyring: Pick<ContactKeyring, 'blindAddresses'>,
  workspaceId: string,
  indexed: string,
): Promise<Buffer> {
  const [index] = await blindIndexes(keyring, workspaceId, [indexed])
  if (index === undefined) throw new Error('the keyring answered no index for an address')
  return index
}

export function presentContact(row: ContactRow, facts: ContactFacts): ContactView {
  return {
    id: encodeId('contact', row.id),
    ...facts,
    unsubscribed: row.opted_out_at !== null,
    unsubscribedAt: row.opted_out_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}

/** Those of these contacts that are there, by their UUIDs. */
export async function openContactsById(
  keyring: Pick<ContactKeyring, 'openContentKeys'>,
  caller: Pick<OperationContext<unknown>, 'workspaceId' | 'read'>,
  ids: readonly string[],
  reason: string,
): Promise<ReadonlyMap<string, ContactFacts>> {
  const { workspaceId } = caller
  const rows = await caller.read((db) => selectContactsById(db, workspaceId, ids))
  const facts = await openContacts(keyring, workspaceId, rows, reason)
  return new Map(
    rows.flatMap((row, position) => {
      const known = facts[position]
      return known === undefined ? [] : [[row.id, known] as const]
    }),
  )
}
