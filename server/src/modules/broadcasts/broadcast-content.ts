import { encodeId } from '../../kernel/ids.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { open, seal, sealedKeyId } from '../../platform/sealing/index.ts'
import type { ContactFacts } from '../contacts/index.ts'
import { SendRequest } from '../messages/index.ts'
import { Body, bodyPlace, Head, headPlace } from './broadcast.ts'
import type { BroadcastRow, WholeBroadcastRow } from './broadcasts-store.ts'
import { fillData, withPreview } from './personalise.ts'

export type ContentKeyring = Pick<KeyringClient, 'contentKey' | 'openContentKeys'>

/** A broadcast as it is read. */
export interface Content {
  readonly head: Head
  readonly body: Body
}

export async function sealContent(
  keyring: ContentKeyring,
  workspaceId: string,
  broadcastId: string,
  { head, body }: Content,
): Promise<{ readonly head: Buffer; readonly body: Buffer }> {
  const key = await keyring.contentKey(workspaceId)
  return {
    head: seal(key, headPlace(workspaceId, broadcastId), Buffer.from(JSON.stringify(head))),
    body: seal(key, bodyPlace(workspaceId, broadcastId), Buffer.from(JSON.stringify(body))),
  }
}

export async function openHeads(
  keyring: Pick<ContentKeyring, 'openContentKeys'>,
  workspaceId: string,
  rows: readonly Pick<BroadcastRow, 'id' | 'sealed_head'>[],
  reason: string,
): Promise<Head[]> {
  if (rows.length === 0) return []
  const keyIds = [...new Set(rows.map((row) => sealedKeyId(row.sealed_head)))]
  const keys = await keyring.openContentKeys(workspaceId, keyIds, reason)
  return rows.map((row) =>
    Head.parse(JSON.parse(open(keys, headPlace(workspaceId, row.id), row.sealed_head).toString())),
  )
}

export async function openContent(
  keyring: Pick<ContentKeyring, 'openContentKeys'>,
  workspaceId: string,
  row: Pick<WholeBroadcastRow, 'id' | 'sealed_head' | 'sealed_body'>,
  reason: string,
): Promise<Content> {
  const keyIds = [...new Set([row.sealed_head, row.sealed_body].map(sealedKeyId))]
  const keys = await keyring.openContentKeys(workspaceId, keyIds, reason)
  const read = (place: Parameters<typeof open>[1], sealed: Buffer): unknown =>
    JSON.parse(open(keys, place, sealed).toString())
  return {
    head: Head.parse(read(headPlace(workspaceId, row.id), row.sealed_head)),
    body: Body.parse(read(bodyPlace(workspaceId, row.id), row.sealed_body)),
  }
}

/** The mail of a broadcast to one contact, as if somebody sent it. */
export function requestFor(
  broadcast: Pick<BroadcastRow, 'dialect' | 'topic_id'>,
  { head, body }: Content,
  contact: ContactFacts,
  unsubscribePage: string,
): SendRequest {
  return SendRequest.parse({
    from: head.from,
    to: contact.email,
    ...(head.replyTo.length === 0 ? {} : { replyTo: head.replyTo }),
    subject: head.subject,
    ...(body.html === null ? {} : { html: withPreview(body.html, head.previewText) }),
    ...(body.text === null ? {} : { text: body.text }),
    lane: 'bulk',
    unsubscribe: true,
    ...(broadcast.topic_id === null ? {} : { topic: encodeId('topic', broadcast.topic_id) }),
    fill: { dialect: broadcast.dialect, data: fillData(contact, unsubscribePage) },
  })
}
