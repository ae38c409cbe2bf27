import { open, seal, sealedKeyId, type ContentKey } from '../../platform/sealing/index.ts'
import { addressPlace } from './suppression.ts'

/** A recipient as the ledger holds it: the address is sealed for its row. UUIDs. */
interface SealedRecipient {
  readonly workspaceId: string
  readonly messageId: string
  readonly number: number
  readonly address: Buffer
}

/**
 * The address of a recipient, sealed anew for the entry that stops it: under `under`, or under the key that it has. Where that key is destroyed or
 * was not to be had, the address stays as it is: the entry then holds by its index, and nobody reads it.
 */
export function addressForEntry(
  recipient: SealedRecipient,
  entryId: string,
  keys: { get(keyId: string): ContentKey['key'] | undefined },
  under?: ContentKey,
): Buffer {
  const { workspaceId, messageId, number, address } = recipient
  const keyId = sealedKeyId(address)
  const key = keys.get(keyId)
  if (key === undefined) return address
  const from = { workspaceId, table: 'recipient', column: 'address', rowId: `${messageId}/${number}` }
  return seal(under ?? { keyId, key }, addressPlace(workspaceId, entryId), open(keys, from, address))
}
