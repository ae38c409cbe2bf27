/**
 * The outbound SMTP client: connections that pull their work. Owns sockets only; knows nothing of queues, retries or routes.
 * Invariants: every recipient of a pulled job gets exactly one outcome; `delivered` only after a 2yz reply to a final dot that left this
 * machine; `uncertain` exactly where the final dot may have left and no usable reply came.
 */
export { createSmtpConnection } from './connection.ts'

export type {
  PeerProof,
  SmtpAuth,
  SmtpCloseReason,
  SmtpConnection,
  SmtpConnectionDeps,
  SmtpConnectionState,
  SmtpOutcome,
  SmtpOutcomeInfo,
  SmtpRecipient,
  SmtpReply,
  SmtpTarget,
  SmtpTimeouts,
  SmtpTlsInfo,
  SmtpTlsOptions,
  SmtpTransaction,
  TlsaRecord,
  TlsFailureType,
} from './types.ts'
