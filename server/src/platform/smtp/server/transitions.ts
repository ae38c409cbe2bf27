import { reply } from './reply.ts'
import type { SmtpReply } from './reply.ts'

/** The commands we carry out. Others are refused before this table is asked. */
export const VERBS = [
  'EHLO',
  'HELO',
  'STARTTLS',
  'AUTH',
  'MAIL',
  'RCPT',
  'DATA',
  'RSET',
  'NOOP',
  'VRFY',
  'QUIT',
] as const
export type Verb = (typeof VERBS)[number]

/**
 * `insecure`: TLS is required and absent. `fresh`: no EHLO yet. `anonymous`: AUTH is required and absent. `ready`: may begin a
 * transaction. `mail`: MAIL was accepted. `recipients`: at least one RCPT was accepted. While a handler works, while AUTH asks and
 * during DATA no command is read, so these are not states of this table.
 */
export const STATES = ['insecure', 'fresh', 'anonymous', 'ready', 'mail', 'recipients'] as const
export type State = (typeof STATES)[number]

const REFUSALS = {
  helloFirst: reply(503, '5.5.1', 'Send EHLO first'),
  /** RFC 3207 §4: everything but NOOP, EHLO, STARTTLS and QUIT. */
  tlsFirst: reply(530, '5.7.0', 'Must issue a STARTTLS command first'),
  /** RFC 4954 §6. */
  tlsForAuth: reply(538, '5.7.11', 'Encryption required: issue STARTTLS before AUTH'),
  authFirst: reply(530, '5.7.0', 'Authentication required'),
  mailFirst: reply(503, '5.5.1', 'Send MAIL first'),
  nested: reply(503, '5.5.1', 'A mail transaction is already open'),
  inTransaction: reply(503, '5.5.1', 'Not permitted during a mail transaction'),
  /** RFC 5321 §3.3 allows 503 or 554 here. */
  noRecipients: reply(554, '5.5.1', 'No valid recipients'),
} as const satisfies Record<string, SmtpReply>

type Verdict = 'run' | keyof typeof REFUSALS

const TRANSITIONS = {
  insecure: {
    EHLO: 'run',
    HELO: 'run',
    STARTTLS: 'run',
    AUTH: 'tlsForAuth',
    MAIL: 'tlsFirst',
    RCPT: 'tlsFirst',
    DATA: 'tlsFirst',
    RSET: 'tlsFirst',
    NOOP: 'run',
    VRFY: 'tlsFirst',
    QUIT: 'run',
  },
  fresh: {
    EHLO: 'run',
    HELO: 'run',
    STARTTLS: 'helloFirst',
    AUTH: 'helloFirst',
    MAIL: 'helloFirst',
    RCPT: 'helloFirst',
    DATA: 'helloFirst',
    RSET: 'run',
    NOOP: 'run',
    VRFY: 'helloFirst',
    QUIT: 'run',
  },
  anonymous: {
    EHLO: 'run',
    HELO: 'run',
    STARTTLS: 'run',
    AUTH: 'run',
    MAIL: 'authFirst',
    RCPT: 'authFirst',
    DATA: 'authFirst',
    RSET: 'run',
    NOOP: 'run',
    VRFY: 'authFirst',
    QUIT: 'run',
  },
  ready: {
    EHLO: 'run',
    HELO: 'run',
    STARTTLS: 'run',
    AUTH: 'run',
    MAIL: 'run',
    RCPT: 'mailFirst',
    DATA: 'mailFirst',
    RSET: 'run',
    NOOP: 'run',
    VRFY: 'run',
    QUIT: 'run',
  },
  mail: {
    EHLO: 'run',
    HELO: 'run',
    STARTTLS: 'inTransaction',
    AUTH: 'inTransaction',
    MAIL: 'nested',
    RCPT: 'run',
    DATA: 'noRecipients',
    RSET: 'run',
    NOOP: 'run',
    VRFY: 'run',
    QUIT: 'run',
  },
  recipients: {
    EHLO: 'run',
    HELO: 'run',
    STARTTLS: 'inTransaction',
    AUTH: 'inTransaction',
    MAIL: 'nested',
    RCPT: 'run',
    DATA: 'run',
    RSET: 'run',
    NOOP: 'run',
    VRFY: 'run',
    QUIT: 'run',
  },
} as const satisfies Record<State, Record<Verb, Verdict>>

/** Null where the command may run in that state, otherwise the refusal. */
export function refusalFor(state: State, verb: Verb): SmtpReply | null {
  const verdict: Verdict = TRANSITIONS[state][verb]
  return verdict === 'run' ? null : REFUSALS[verdict]
}
