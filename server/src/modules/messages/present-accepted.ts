import { timingSafeEqual } from 'node:crypto'
import { Fault } from '../../kernel/faults.ts'
import type { LimitedRow } from './limited-accept.ts'
import type { AcceptedMessage, PreparedMessage, SuppressedBy } from './message.ts'

/** What the caller is told: of its own message, or of the one that its idempotency key had made before. */
export function presentRow(message: PreparedMessage, row: LimitedRow, held: boolean): AcceptedMessage {
  if ('refused' in row) throw row.refused
  const own = message.idempotency?.bodyHash
  if (
    !row.accepted &&
    own !== undefined &&
    (row.bodyHash === undefined || !timingSafeEqual(own, row.bodyHash))
  ) {
    throw new Fault('idempotency_conflict', {
      detail:
        'The Idempotency-Key was used for a request with another body in the last 24 hours. Use a new key for a new message.',
    })
  }
  const suppressed = new Map(row.suppressed.map((number, position) => [number, row.reasons[position]]))
  const waiting =
    held && row.accepted ? 'held' : (row.due ?? message.sendAt) === undefined ? 'pending' : 'scheduled'
  return {
    id: row.messageId,
    requestId: row.accepted ? (message.summary.requestId ?? message.id) : row.messageId,
    fresh: row.accepted,
    limits: row.states,
    recipients: message.recipients.map((recipient, position) => ({
      number: position + 1,
      email: recipient.email,
      state: suppressed.has(position + 1) ? 'suppressed' : waiting,
      ...reasonOf(suppressed.get(position + 1)),
    })),
  }
}

function reasonOf(reason: SuppressedBy | undefined): { readonly reason?: SuppressedBy } {
  return reason === undefined ? {} : { reason }
}
