import type { Redacted } from '../../../kernel/redacted.ts'

/** One reply of the peer. `text` is bounded and printable, one line per `\n`, without the code and the enhanced code. */
export interface SmtpReply {
  readonly code: number
  /** RFC 3463 status such as `5.1.1`, where the peer gave one whose class fits the code. */
  readonly enhanced?: string
  readonly text: string
}

/** One message for one recipient. */
export interface SmtpTransaction {
  /** Envelope sender without brackets; empty for the null sender. */
  readonly from: string
  readonly to: string
  /** Header and body, CRLF lines, not dot-stuffed. */
  readonly chunks: readonly Buffer[]
  /** Sum of the chunks' lengths in bytes (RFC 1870: before dot-stuffing). */
  readonly bytes: number
  /** The content holds octets above 127. */
  readonly eightBit: boolean
  /** The header holds UTF-8 (RFC 6532). A non-ASCII address asks for SMTPUTF8 by itself. */
  readonly smtputf8: boolean
  /** More MAIL parameters (`RET=HDRS`); each is sent only if the peer announced its extension. */
  readonly mailParameters?: readonly string[]
}

/** The command that a refusal answers. `dot` is the end of the content. */
export type SmtpTransactionStage = 'mail' | 'rcpt' | 'data' | 'dot'
export type SmtpSetupStage = 'connect' | 'banner' | 'ehlo' | 'starttls' | 'auth'

/** What became of one pulled job. Every pulled job gets exactly one. */
export type SmtpOutcome =
  | { readonly kind: 'delivered'; readonly reply: SmtpReply; readonly stage: 'dot' }
  | {
      readonly kind: 'deferred' | 'bounced'
      readonly reply: SmtpReply
      readonly stage: SmtpTransactionStage
      /** True where this client refused by what the peer announced (SIZE, SMTPUTF8 …); another host may differ. */
      readonly local?: true
    }
  /** The content and its final dot went out and no usable reply came (RFC 1047): the peer may have the message. */
  | { readonly kind: 'uncertain'; readonly cause: string }
  /** The connection failed before the peer judged this message: not an attempt, and the peer does not have it. */
  | {
      readonly kind: 'unattempted'
      readonly cause: string
      readonly reply?: SmtpReply
      readonly stage: SmtpSetupStage | 'mail' | 'rcpt' | 'data'
      readonly temporary: boolean
    }

export interface SmtpTlsInfo {
  readonly protocol: string
  readonly cipher: string
}

export interface SmtpOutcomeInfo {
  /** From the moment the transaction had the connection to itself until its outcome. */
  readonly durationMs: number
  readonly host: string
  readonly address: string
  readonly tls?: SmtpTlsInfo
}

/** Why a connection ended. */
export interface SmtpCloseReason {
  /** `quit`: we ended it (idle, limit, `close()`). `peer-closed`: the peer ended it while nothing was at stake. */
  readonly kind: 'quit' | 'peer-closed' | 'failed'
  readonly stage: SmtpSetupStage | SmtpTransactionStage | 'rset' | 'idle' | 'quit'
  readonly cause: string
  /** False where the same target will answer the same way again (banner 554, AUTH 535, TLS needed but missing). */
  readonly temporary: boolean
  /** TLS could not be set up; an opportunistic caller may reconnect with mode `none`. */
  readonly tlsFailed: boolean
  readonly reply?: SmtpReply
  /** Jobs pulled in the life of the connection. */
  readonly transactions: number
}

export type SmtpTarget =
  | { readonly host: string; readonly address: string; readonly port: number; readonly family: 4 | 6 }
  | { readonly path: string }

export interface SmtpTlsOptions {
  /** `opportunistic` encrypts where offered and never verifies (RFC 7435); `required` never goes on in clear text. */
  readonly mode: 'opportunistic' | 'required' | 'implicit' | 'none'
  /** Name for SNI and verification; default: the target's host where it is a name. */
  readonly servername?: string
  /** Verify the certificate; counts in the modes `required` and `implicit`. */
  readonly verify: boolean
  /** PEM roots instead of the system's. */
  readonly ca?: string | Buffer | (string | Buffer)[]
}

export interface SmtpAuth {
  readonly username: string
  readonly password: Redacted<string>
}

/** All in milliseconds. `establishMs` and `transactionMs` are absolute: no trickle of bytes extends them. */
export interface SmtpTimeouts {
  readonly connectMs: number
  readonly bannerMs: number
  readonly ehloMs: number
  readonly tlsMs: number
  readonly authMs: number
  readonly mailMs: number
  readonly rcptMs: number
  readonly dataMs: number
  /** Between two blocks of content that the kernel takes. */
  readonly blockMs: number
  readonly dotMs: number
  readonly quitMs: number
  /** From `open()` to the first MAIL. */
  readonly establishMs: number
  /** One transaction, from having the connection to itself to its outcome. */
  readonly transactionMs: number
}

/** RFC 5321 §4.5.3.2, with absolute bounds above the sum of the phases. */
export const DEFAULT_TIMEOUTS: SmtpTimeouts = {
  connectMs: 30_000,
  bannerMs: 300_000,
  ehloMs: 300_000,
  tlsMs: 60_000,
  authMs: 120_000,
  mailMs: 300_000,
  rcptMs: 300_000,
  dataMs: 120_000,
  blockMs: 180_000,
  dotMs: 600_000,
  quitMs: 5_000,
  establishMs: 600_000,
  transactionMs: 1_800_000,
}

export type SmtpConnectionState = 'new' | 'connecting' | 'idle' | 'busy' | 'closing' | 'closed'

export interface SmtpConnectionDeps<T> {
  readonly target: SmtpTarget
  readonly ehloName: string
  readonly tls: SmtpTlsOptions
  readonly auth?: SmtpAuth
  /** The next job, or null. A pulled job belongs to this connection until its outcome. */
  readonly pull: () => T | null
  readonly transactionOf: (job: T) => SmtpTransaction
  /** Called right before the write that holds the final dot: after it the fate may become `uncertain`. */
  readonly beforeFinalDot: (job: T) => void
  /** Called before any later content is written. */
  readonly onOutcome: (job: T, outcome: SmtpOutcome, info: SmtpOutcomeInfo) => void
  /** `pull()` gave null: call `wake()` when there is work again. */
  readonly onIdle: () => void
  readonly onClosed: (reason: SmtpCloseReason) => void
  /** QUIT after so many transactions. */
  readonly maxTransactions: number
  /** QUIT after so long without work. */
  readonly idleMs: number
  readonly timeouts?: Partial<SmtpTimeouts>
  readonly localAddress?: string
}

export interface SmtpConnection {
  readonly state: SmtpConnectionState
  open(): void
  wake(): void
  /** Finish what is in flight, then QUIT; both bounded. */
  close(): void
  /** End now. A job whose final dot went out becomes `uncertain`. */
  destroy(cause: string): void
}
