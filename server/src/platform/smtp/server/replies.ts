import type { DataResult } from './data-reader.ts'
import { reply } from './reply.ts'
import type { SmtpReply } from './reply.ts'

/** The server's own answers. Enhanced codes are those of RFC 3463, RFC 4954, RFC 5248 and their registry. */
export const REPLIES = {
  ok: reply(250, '2.0.0', 'OK'),
  senderOk: reply(250, '2.1.0', 'Sender OK'),
  recipientOk: reply(250, '2.1.5', 'Recipient OK'),
  cannotVerify: reply(252, '2.0.0', 'Cannot verify, send mail to find out'),
  authenticated: reply(235, '2.7.0', 'Authentication successful'),
  startTls: reply(220, '2.0.0', 'Ready to start TLS'),
  bye: reply(221, '2.0.0', 'Bye'),
  badHello: reply(501, '5.5.4', 'Expected EHLO hostname'),
  noArgument: reply(501, '5.5.4', 'No argument allowed'),
  needsArgument: reply(501, '5.5.4', 'An argument is needed'),
  lineTooLong: reply(500, '5.5.2', 'Line too long'),
  unreadable: reply(500, '5.5.2', 'Control characters and invalid UTF-8 are refused'),
  unknown: reply(500, '5.5.2', 'Command not recognized'),
  unimplemented: reply(502, '5.5.1', 'Command not implemented'),
  tlsActive: reply(503, '5.5.1', 'TLS is already active'),
  /** RFC 3207 §4. */
  noTls: reply(454, '4.7.0', 'TLS is not available now'),
  authActive: reply(503, '5.5.1', 'Already authenticated'),
  authNeedsTls: reply(538, '5.7.11', 'Encryption required: issue STARTTLS before AUTH'),
  tooManyRecipients: reply(452, '4.5.3', 'Too many recipients'),
  bareNewline: reply(550, '5.6.11', 'Bare CR or LF is refused, lines end with CRLF'),
  injected: reply(554, '5.5.1', 'Nothing may follow STARTTLS before its answer'),
  http: reply(554, '5.5.1', 'This is an SMTP server'),
  tlsOnPlain: reply(554, '5.5.1', 'TLS is not spoken here before STARTTLS'),
  tooManyErrors: reply(421, '4.7.0', 'Too many errors'),
  tooManyCommands: reply(421, '4.7.0', 'Too many commands without authentication'),
  tooManyConnections: reply(421, '4.7.0', 'Too many connections, try again later'),
  revoked: reply(421, '4.7.0', 'The credential was revoked'),
  shutdown: reply(421, '4.3.2', 'The server is going down, try again later'),
  commandTimeout: reply(421, '4.4.2', 'Timeout waiting for a command'),
  dataTimeout: reply(421, '4.4.2', 'Timeout waiting for message data'),
  dataTooSlow: reply(421, '4.4.2', 'Message data arrives too slowly'),
  sessionTimeout: reply(421, '4.4.2', 'The session took too long'),
} as const satisfies Record<string, SmtpReply>

/** Answers to content that was read to its end and thrown away. */
export const REFUSED_CONTENT = {
  size: reply(552, '5.3.4', 'Message size exceeds the limit'),
  nul: reply(554, '5.6.0', 'NUL octets in the message are refused'),
  line: reply(554, '5.6.0', 'A line of the message is too long'),
  memory: reply(452, '4.3.1', 'No room for the message now, try again later'),
} as const satisfies Record<Extract<DataResult, { kind: 'refused' }>['why'], SmtpReply>
