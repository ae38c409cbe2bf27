/**
 * Messages: the one way in for all mail, and what became of it.
 *
 * Owns the tables message, body, recipient, outcome, event, queue (shared with delivery, which claims and settles) and
 * idempotency. Emits message.accepted and message.suppressed. Invariants: an answer 202/250 comes after the commit; the
 * idempotency record is in that same commit; everything personal is sealed before it reaches the database; accepted = final
 * states + waiting, at any instant.
 */
import { cancelMessage, rescheduleMessage } from './operations/change-message.ts'
import { listEvents, streamLiveEvents } from './operations/read-events.ts'
import { getLedger, getQueue } from './operations/read-ledger.ts'
import { getMessage, getMessageContent, listMessages } from './operations/read-messages.ts'
import { sendBatch } from './operations/send-batch.ts'
import { sendMessage } from './operations/send-message.ts'
import { sendMime } from './operations/send-mime.ts'
export { createAcceptService, type AcceptService } from './accept-service.ts'
export { MESSAGE_BYTES_MAX, RECIPIENTS_MAX, type AcceptedMessage, type MessageSummary } from './message.ts'
export { createMessages, type Messages } from './messages-service.ts'

export const messageOperations = [
  sendMessage,
  sendBatch,
  sendMime,
  listMessages,
  getMessage,
  getMessageContent,
  cancelMessage,
  rescheduleMessage,
  listEvents,
  streamLiveEvents,
  getLedger,
  getQueue,
]
