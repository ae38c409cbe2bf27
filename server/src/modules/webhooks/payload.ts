import { encodeId } from '../../kernel/ids.ts'
import type { EventSource } from './formats/event-source.ts'
import { AUDIT_EVENT, CONTAINMENT_EVENT, SECURITY_EVENT, TEST_EVENT } from './webhook.ts'

/** The body of a webhook in our own format. The state is the event's name: what is true now is asked of the API. */
export function payloadText(source: EventSource): string {
  const timestamp = source.happenedAt.toISOString()
  const eventId = encodeId('event', source.eventId)
  if (source.type === TEST_EVENT) {
    const data = { eventId, webhookId: encodeId('webhook', source.endpointId) }
    return JSON.stringify({ type: source.type, timestamp, data })
  }
  if (source.type === AUDIT_EVENT || source.type === SECURITY_EVENT) {
    return JSON.stringify({ type: source.type, timestamp, data: { eventId, ...source.detail } })
  }
  if (source.type === CONTAINMENT_EVENT) {
    return JSON.stringify({
      type: source.type,
      timestamp,
      data: { eventId, ...containmentOf(source.detail) },
    })
  }
  return JSON.stringify({
    type: source.type,
    timestamp,
    data: {
      eventId,
      messageId: source.messageId === null ? null : encodeId('message', source.messageId),
      recipient: source.number === null ? null : { number: source.number, email: source.email },
      state: source.type.slice(source.type.indexOf('.') + 1),
      attempts: source.attempts,
      detail: source.detail,
      tags: source.tags,
      metadata: source.sensitive ? {} : (source.message?.metadata ?? {}),
    },
  })
}

/** The row of a containment, as the database tells it, in the words of the API. Its state is the one of the time of sending. */
function containmentOf(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { id, state, scope, capabilities, incident, until } = row
  return {
    containmentId: typeof id === 'string' ? encodeId('containment', id) : null,
    state,
    scope,
    actorClass: row['actor_class'],
    capabilities,
    reasonCode: row['reason_code'],
    reason: row['reason'],
    incident,
    until: typeof until === 'string' ? new Date(until).toISOString() : null,
  }
}
