/**
 * The receiving side of SMTP, for submission, inbound mail and capture. `createSmtpServer` speaks the protocol and bounds what a peer can use
 * up; the handler decides. Invariants: CRLF "." CRLF is the only end of data; nothing read in clear text survives STARTTLS; the
 * answer to DATA is the handler's; one connection never has two handlers at work.
 */
export { createSmtpServer } from './server.ts'
export { NO_ANSWER, reply } from './reply.ts'
export { createSmtpServerMetrics, type SmtpServerMetrics } from './server-metrics.ts'
export { decodeXtext, dsnOfMail, dsnOfRecipient } from './delivery-status.ts'
export type { MailDsn, NotifyWord, RecipientDsn } from './delivery-status.ts'
export type { SmtpReply } from './reply.ts'
export { DEFAULT_SMTP_LIMITS } from './types.ts'
export type {
  SmtpAuthOutcome,
  SmtpCredentials,
  SmtpHandler,
  SmtpListener,
  SmtpListenerAddress,
  SmtpListenerName,
  SmtpLog,
  SmtpMessage,
  SmtpParameters,
  SmtpPath,
  SmtpPeer,
  SmtpServer,
  SmtpServerLimits,
  SmtpServerOptions,
} from './types.ts'
