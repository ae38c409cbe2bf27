import { z } from 'zod'
import { encodeId } from '../../kernel/ids.ts'
import { Redacted } from '../../kernel/redacted.ts'
import type { KeyringClient, OpenedKeys } from '../../platform/keyring-client/index.ts'
import { open, seal, sealedKeyId } from '../../platform/sealing/index.ts'
import { isHiddenTag } from '../messages/index.ts'
import type { ClaimedDelivery } from './dispatch-store.ts'
import type { EventSource, MessageFacts } from './formats/event-source.ts'
import { answerPlace, secretContext } from './sealed-places.ts'

/** For how long an opened secret is kept in memory; the keyring logs every opening. */
const SECRET_MS = 5 * 60_000
const SECRETS_MAX = 2_000

/** What an event's payload is made of, sealed as it is stored. */
export type SealedPayload = Omit<
  Pick<
    ClaimedDelivery,
    | 'workspace_id'
    | 'endpoint_id'
    | 'type'
    | 'event_id'
    | 'message_id'
    | 'number'
    | 'happened_at'
    | 'detail'
    | 'sensitive'
    | 'tags'
    | 'address'
    | 'summary'
    | 'accepted_at'
    | 'send_at'
    | 'numbers'
    | 'kinds'
    | 'addresses'
    | 'topic_number'
  >,
  'detail'
> & {
  readonly detail: Readonly<Record<string, unknown>> | null
  /** Tries of the message, not of the delivery. */
  readonly message_attempts: number | null
}

/** The ids of the keys that a payload is opened with. */
export function keyIdsOf({ address, summary, addresses }: SealedPayload): string[] {
  return [address, summary, ...(addresses ?? [])].filter((value) => value !== null).map(sealedKeyId)
}

/** An event as it is told, opened with the keys that are at hand: what a destroyed key leaves shut is left out. */
export function sourceOf(payload: SealedPayload, keys: OpenedKeys): EventSource {
  return {
    type: payload.type,
    endpointId: payload.endpoint_id,
    eventId: payload.event_id,
    messageId: payload.message_id,
    number: payload.number,
    happenedAt: payload.happened_at,
    attempts: payload.message_attempts,
    detail: payload.detail ?? {},
    tags: payload.tags.filter((tag) => !isHiddenTag(tag)),
    sensitive: payload.sensitive,
    email: payload.number === null ? null : addressOf(payload, payload.number, payload.address, keys),
    message: factsOf(payload, keys),
    acceptedAt: payload.accepted_at,
    sendAt: payload.send_at,
    recipients: (payload.numbers ?? []).flatMap((number, position) => {
      const email = addressOf(payload, number, payload.addresses?.[position] ?? null, keys)
      return email === null ? [] : [{ number, kind: payload.kinds?.[position] ?? 'to', email }]
    }),
  }
}

/** A recipient's address; null where there is none, or where the key of a sensitive message is destroyed. */
function addressOf(
  { workspace_id: workspaceId, message_id }: SealedPayload,
  number: number,
  sealed: Buffer | null,
  keys: OpenedKeys,
): string | null {
  if (sealed === null || keys.get(sealedKeyId(sealed)) === undefined) return null
  const place = { workspaceId, table: 'recipient', column: 'address', rowId: `${message_id}/${number}` }
  return open(keys, place, sealed).toString()
}

const Summary = z.object({
  from: z.object({ email: z.string(), name: z.string().optional() }),
  subject: z.string().optional(),
  messageIdHeader: z.string(),
  requestId: z.string().optional(),
  metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  template: z.object({ id: z.string(), alias: z.string().optional() }).optional(),
  broadcast: z.string().optional(),
  subaccount: z.object({ name: z.string() }).optional(),
})

/** What the sender wrote on the message; null where nothing is at hand. */
function factsOf(payload: SealedPayload, keys: OpenedKeys): MessageFacts | null {
  const { summary, workspace_id: workspaceId, message_id } = payload
  if (summary === null || message_id === null || keys.get(sealedKeyId(summary)) === undefined) return null
  const place = { workspaceId, table: 'message', column: 'summary', rowId: message_id }
  const read = Summary.parse(JSON.parse(open(keys, place, summary).toString()))
  return {
    from: { email: read.from.email, ...(read.from.name === undefined ? {} : { name: read.from.name }) },
    subject: read.subject ?? null,
    messageIdHeader: read.messageIdHeader,
    requestId: read.requestId ?? message_id,
    metadata: read.metadata ?? {},
    templateId: read.template === undefined ? null : encodeId('template', read.template.id),
    ...(read.template?.alias === undefined ? {} : { templateAlias: read.template.alias }),
    broadcastId: read.broadcast === undefined ? null : encodeId('broadcast', read.broadcast),
    topicNumber: payload.topic_number,
    subaccount: read.subaccount?.name ?? null,
  }
}

/** Opens what a delivery needs: content keys per batch and workspace, signing secrets with a short memory. */
export function createWebhookReading(deps: {
  readonly keyring: Pick<KeyringClient, 'openContentKeys' | 'openSecret'>
  readonly clock: () => number
}) {
  const secrets = new Map<string, { readonly secret: Redacted<string>; readonly until: number }>()

  async function secretOf(delivery: ClaimedDelivery, sealed: Buffer): Promise<Redacted<string>> {
    const name = `${delivery.endpoint_id} ${sealed.toString('base64')}`
    const known = secrets.get(name)
    if (known !== undefined && known.until > deps.clock()) return known.secret
    const plain = await deps.keyring.openSecret(
      delivery.workspace_id,
      'webhook',
      secretContext(delivery.endpoint_id),
      sealed,
      'webhook',
    )
    const secret = new Redacted(plain.toString())
    plain.fill(0)
    secrets.delete(name)
    if (secrets.size >= SECRETS_MAX) secrets.clear()
    secrets.set(name, { secret, until: deps.clock() + SECRET_MS })
    return secret
  }

  return {
    /** The keys of a batch of one workspace's deliveries. */
    keysOf(workspaceId: string, deliveries: readonly ClaimedDelivery[]): Promise<OpenedKeys> {
      const ids = deliveries.flatMap((delivery) => [
        ...keyIdsOf(delivery),
        ...(delivery.answer === null ? [] : [sealedKeyId(delivery.answer)]),
      ])
      return deps.keyring.openContentKeys(workspaceId, [...new Set(ids)], 'webhook')
    },

    /** Current secret first. */
    secretsOf(delivery: ClaimedDelivery): Promise<Redacted<string>[]> {
      const sealed = [delivery.secret, delivery.previous_secret].filter((value) => value !== null)
      return Promise.all(sealed.map((value) => secretOf(delivery, value)))
    },

    /**
     * The begin of an answer, under the key of the message or of the test: an endpoint may repeat what it was sent. Null where nothing is
     * kept: of sensitive messages, and of events that are about no message.
     */
    sealAnswer(delivery: ClaimedDelivery, keys: OpenedKeys, excerpt: Buffer): Buffer | null {
      const sealedBefore = delivery.sensitive ? null : (delivery.summary ?? delivery.answer)
      if (sealedBefore === null) return null
      const keyId = sealedKeyId(sealedBefore)
      const key = keys.get(keyId)
      return key === undefined
        ? null
        : seal({ keyId, key }, answerPlace(delivery.workspace_id, delivery.id), excerpt)
    },
  }
}
