import { open, seal, sealedKeyId, type ContentKey, type SealedPlace } from '../../platform/sealing/index.ts'

/** Where the address of somebody who left a topic is sealed. */
export function leaverPlace(workspaceId: string, id: string): SealedPlace {
  return { workspaceId, table: 'topic_suppression', column: 'address', rowId: id }
}

/** The address of a recipient, sealed anew for the entry of the topic that he leaves. Where its key is destroyed it stays as it is, and the entry holds by its index. */
export function addressForTopic(
  recipient: {
    readonly workspaceId: string
    readonly messageId: string
    readonly number: number
    readonly address: Buffer
  },
  entryId: string,
  keys: { get(keyId: string): ContentKey['key'] | undefined },
  under: ContentKey,
): Buffer {
  const { workspaceId, messageId, number, address } = recipient
  if (keys.get(sealedKeyId(address)) === undefined) return address
  const from = { workspaceId, table: 'recipient', column: 'address', rowId: `${messageId}/${number}` }
  return seal(under, leaverPlace(workspaceId, entryId), open(keys, from, address))
}
