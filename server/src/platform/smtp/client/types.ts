import type { Redacted } from '../../../kernel/redacted.ts'

/** One reply of the peer. `text` is bounded and printable, one line per `\n`, without the code and the enhanced code. */
export interface SmtpReply {
  readonly code: number
  /** RFC 3463 status such as `5.1.1`, where the peer gave one whose class fits the code. */
  readonly enhanced?: string
  readonly text: string
}

export interface SmtpRecipient {
  /** Envelope recipient without brackets. */
  readonly address: string
  /** RCPT parameters (`NOTIFY=NEVER`, RFC 3461); each is sent only if the peer announced its extension. */
  readonly parameters?: readonly string[]
}

/** One message for one or more recipients (at most 1000; servers must take 100, RFC 5321 §4.5.3.1.8). */
export interface SmtpTransaction {
  /** Envelope sender without brackets; empty for the null sender. */
  readonly from: string
  readonly recipients: readonly SmtpRecipient[]
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
  /** REQUIRETLS (RFC 8689 §4.2.1): goes only to an authenticated peer that announces it, else it is refused locally. */
  readonly requireTls?: boolean
}

/** The command that a refusal answers. `dot` is the end of the content. */
export type SmtpTransactionStage = 'mail' | 'rcpt' | 'data' | 'dot'
export type SmtpSetupStage = 'connect' | 'banner' | 'ehlo' | 'starttls' | 'auth'

/** What became of one recipient of a pulled job. Every recipient gets exactly one. */
export type SmtpOutcome =
  | { readonly kind: 'delivered'; readonly reply: SmtpReply; readonly stage: 'dot' }
  | {
      readonly kind: 'deferred' | 'bounced'
      readonly reply: SmtpReply
      readonly stage: SmtpTransactionStage
      /** True where this client refused by what the peer announced (SIZE, SMTPUTF8 …); another host may differ. */
      readonly local?: true
      /**
       * The peer took earlier recipients of this transaction and no more (452, x.5.3; RFC 5321 §4.5.3.1.10): nothing is wrong
       * with this one, and it can be offered again at once in another transaction.
       */
      readonly split?: true
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
      /** The peer ended a connection that had served before, or said 421 before MAIL: normal, and no failure of the host. */
      readonly stale?: true
    }

export interface SmtpTlsInfo {
  readonly protocol: string
  readonly cipher: string
  /** How the peer proved its name; `none` where nobody asked, or where a check that only reports failed. */
  readonly authenticated: 'none' | 'pkix' | 'dane-ee' | 'dane-ta'
}

/** Result types of TLS reports (RFC 8460 §4.3). This client gives the first five and `tlsa-invalid`; policies know the others. */
export type TlsFailureType =
  | 'starttls-not-supported'
  | 'certificate-host-mismatch'
  | 'certificate-expired'
  | 'certificate-not-trusted'
  | 'validation-failure'
  | 'tlsa-invalid'
  | 'dnssec-invalid'
  | 'dane-required'
  | 'sts-policy-fetch-error'
  | 'sts-policy-invalid'
  | 'sts-webpki-invalid'

export interface SmtpOutcomeInfo {
  /** From the moment the transaction had the connection to itself until its outcome. */
  readonly durationMs: number
  readonly host: string
  readonly address: string
  readonly tls?: SmtpTlsInfo
  /** What a TLS report must say of this connection although it was used (opportunistic, all TLSA records unusable). */
  readonly tlsFailure?: TlsFailureType
  /** The peer announced DSN (RFC 3461): it reports from here on, and needs no "relayed" from us. */
  readonly dsn: boolean
  /** `+40 C: MAIL FROM:<…>`, ms since `open()`; at most 40 lines of at most 300 characters. Holds addresses, never secrets. */
  readonly transcript?: readonly string[]
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
  /** What a TLS report must say; always there with `tlsFailed`. */
  readonly tlsFailure?: TlsFailureType
  /** The local address could not be bound: the fault is on this machine, and nothing was asked of the peer. */
  readonly localAddressFailed?: true
  readonly reply?: SmtpReply
  /** Jobs pulled in the life of the connection. */
  readonly transactions: number
  /** The set-up and what came after the last outcome. */
  readonly transcript?: readonly string[]
}

export type SmtpTarget =
  | { readonly host: string; readonly address: string; readonly port: number; readonly family: 4 | 6 }
  | { readonly path: string }

/** A TLSA record (RFC 6698 §2.1). Whoever gives it has validated it by DNSSEC. */
export interface TlsaRecord {
  /** 2 (DANE-TA) and 3 (DANE-EE); 0, 1 and others are unusable for SMTP (RFC 7672 §3.1.3). */
  readonly usage: number
  /** 0: the certificate, 1: its public key. */
  readonly selector: number
  /** 0: as it is, 1: SHA-256, 2: SHA-512. */
  readonly matchingType: number
  readonly data: Buffer
}

/** How a peer proves its name. `names` are DNS names or IP addresses; one of them must match. */
export type PeerProof =
  | {
      readonly kind: 'pkix'
      readonly names: readonly string[]
      /** PEM roots instead of the bundled ones. */
      readonly ca?: string | Buffer | readonly (string | Buffer)[]
    }
  /** `names` count for DANE-TA only (RFC 7671 §5.1, §5.2). */
  | { readonly kind: 'dane'; readonly records: readonly TlsaRecord[]; readonly names: readonly string[] }

/** `opportunistic` encrypts where offered and never fails for a certificate (RFC 7435); the last two never go on in clear text. */
export type SmtpTlsOptions =
  | { readonly mode: 'none' }
  | {
      readonly mode: 'opportunistic'
      /** Checked and reported in `tlsFailure`, never enforced: MTA-STS testing (RFC 8461 §5). */
      readonly check?: PeerProof
      /** Name for SNI; default: the target's host where it is a name. */
      readonly servername?: string
    }
  | {
      readonly mode: 'required' | 'implicit'
      readonly verify: 'none' | PeerProof
      readonly servername?: string
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
  /**
   * Once for every pulled job, one outcome per recipient in their order (a single one where `transactionOf` threw, since nobody
   * knows the recipients). Called before any later content is written.
   */
  readonly onOutcome: (job: T, outcomes: readonly SmtpOutcome[], info: SmtpOutcomeInfo) => void
  /** `pull()` gave null: call `wake()` when there is work again. */
  readonly onIdle: () => void
  readonly onClosed: (reason: SmtpCloseReason) => void
  /** QUIT after so many transactions. */
  readonly maxTransactions: number
  /** QUIT after so long without work. */
  readonly idleMs: number
  readonly timeouts?: Partial<SmtpTimeouts>
  /** IP address to connect from. */
  readonly localAddress?: string
  /** Keep the dialogue for `transcript`; off by default, since it costs strings for every line. */
  readonly transcript?: boolean
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
