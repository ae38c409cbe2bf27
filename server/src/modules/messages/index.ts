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
import { getLedger } from './operations/read-ledger.ts'
import { dismissOutcomes } from './operations/dismiss-outcomes.ts'
import { listOutcomes } from './operations/list-outcomes.ts'
import { getMessage, getMessageContent, listMessages } from './operations/read-messages.ts'
import { previewResend, resendMessage } from './operations/resend-message.ts'
import { sendBatch } from './operations/send-batch.ts'
import { sendMessage } from './operations/send-message.ts'
import { sendMime } from './operations/send-mime.ts'
export { createAttachmentFetching } from './attachment-fetching.ts'
export { createAcceptService, type AcceptService } from './accept-service.ts'
export { createAcceptObserver, type AcceptObserver } from './accept-observer.ts'
export { dismissOutcomes } from './operations/dismiss-outcomes.ts'
export { listOutcomes } from './operations/list-outcomes.ts'
export { createOutcomes, type Outcomes } from './outcomes-service.ts'
export { presentLedger } from './ledger.ts'
export type { LedgerRow } from './message-store.ts'
export {
  MESSAGE_BYTES_MAX,
  RECIPIENTS_MAX,
  type AcceptedMessage,
  type DsnNotify,
  type MessageDsn,
  type MessageSummary,
  type PreparedMessage,
} from './message.ts'
export { isHiddenTag } from './tag.ts'
export { sendBatch } from './operations/send-batch.ts'
export { cancelMessage, rescheduleMessage } from './operations/change-message.ts'
export { getLedger, LedgerView } from './operations/read-ledger.ts'
export { getMessage, getMessageContent, listMessages } from './operations/read-messages.ts'
export { sendMessage } from './operations/send-message.ts'
export { sendMime } from './operations/send-mime.ts'
export { MessageSummaryView, MessageView } from './views.ts'
export type { Controls } from './control-headers.ts'
export { parseSendRequest } from './parse-request.ts'
export { AddressInput, SendRequest } from './send-request.ts'
export { reportPlace, type ReportRequest } from './report-request.ts'
export { countReading } from './counted-reading.ts'
export { createMessages, type Messages, type MessagesDependencies, sendingOf } from './messages-service.ts'
export { createResends, type Resends } from './resend-service.ts'

export const messageOperations = [
  sendMessage,
  sendBatch,
  sendMime,
  listMessages,
  getMessage,
  getMessageContent,
  listOutcomes,
  dismissOutcomes,
  cancelMessage,
  rescheduleMessage,
  previewResend,
  resendMessage,
  listEvents,
  streamLiveEvents,
  getLedger,
]
