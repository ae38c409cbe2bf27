import { normaliseForIndex } from '../../kernel/email-address.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { seal } from '../../platform/sealing/index.ts'
import type { FillNonce } from '../../platform/sealing/index.ts'
import type { SealedMessage } from './accept-store.ts'
import type { PreparedMessage } from './message.ts'

const IDEMPOTENCY_LIFETIME_MS = 24 * 3_600_000

export interface SealDependencies {
  readonly keyring: Pick<KeyringClient, 'contentKey' | 'blindAddresses'>
  readonly now: () => number
  readonly newId: () => string
}

/** Seals a message whole. */
export async function sealMessage(
  message: PreparedMessage,
  deps: SealDependencies,
  fillNonce: FillNonce,
): Promise<SealedMessage> {
  const { workspaceId, id } = message
  const [contentKey, blinded] = await Promise.all([
    deps.keyring.contentKey(workspaceId, { sensitive: message.sensitive }),
    deps.keyring.blindAddresses(
      workspaceId,
      message.recipients.map((recipient) => normaliseForIndex(recipient.email)),
    ),
  ])
  const place = (table: string, column: string, rowId: string) => ({ workspaceId, table, column, rowId })
  const summary = seal(
    contentKey,
    place('message', 'summary', id),
    Buffer.from(JSON.stringify(message.summary)),
    fillNonce,
  )
  const body = seal(contentKey, place('body', 'sealed', id), message.raw, fillNonce)
  const recipients = message.recipients.map((recipient, position) => {
    const blind = blinded[position]
    if (blind === undefined) throw new Error('the keyring answered fewer indexes than addresses')
    return {
      kind: recipient.kind,
      address: seal(
        contentKey,
        place('recipient', 'address', `${id}/${position + 1}`),
        Buffer.from(recipient.email),
        fillNonce,
      ),
      index: blind.index,
      destination: blind.destination,
      eventId: deps.newId(),
    }
  })
  return {
    id,
    workspaceId,
    eventId: deps.newId(),
    lane: message.lane,
    source: message.source,
    sensitive: message.sensitive,
    fromDomain: message.fromDomain,
    tags: message.tags,
    sizeBytes: message.raw.length,
    sendAt: message.sendAt,
    expiresAt: message.expiresAt,
    actor: message.actor,
    summary,
    body,
    recipients,
    topicId: message.topicId,
    bypass: message.bypass,
    subaccount: message.subaccount,
    idempotency:
      message.idempotency === undefined
        ? undefined
        : { ...message.idempotency, expiresAt: new Date(deps.now() + IDEMPOTENCY_LIFETIME_MS) },
    bytes: summary.length + body.length + recipients.length * 120,
    rows: recipients.length + 2,
  }
}
