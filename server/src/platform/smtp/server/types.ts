import type { SecureContextOptions } from 'node:tls'
import type { Redacted } from '../../../kernel/redacted.ts'
import type { SmtpReply } from './reply.ts'
import type { SmtpServerMetrics } from './server-metrics.ts'

export type SmtpListenerName = 'submission' | 'submissions' | 'inbound' | 'capture' | 'simulator'

/** One door. AUTH is offered on every door but `inbound`; where TLS is possible it is needed for AUTH. */
export interface SmtpListener {
  readonly name: SmtpListenerName
  readonly host?: string
  readonly port?: number
  /** A UNIX socket instead of host and port. A stale file of a killed process is replaced. */
  readonly path?: string
  readonly tls: 'starttls' | 'implicit' | 'none'
  readonly requireTls: boolean
  readonly requireAuth: boolean
}

/** Where a listener listens once it is open. */
export interface SmtpListenerAddress {
  readonly name: SmtpListenerName
  readonly host: string | null
  readonly port: number | null
  readonly path: string | null
}

/** Bounds of everything a peer may use up. */
export interface SmtpServerLimits {
  /** Octets of one message, after dot-unstuffing (RFC 1870). */
  readonly messageBytes: number
  readonly recipients: number
  readonly connections: number
  /** Per IPv4 address or IPv6 /64. UNIX sockets count in the total only. */
  readonly connectionsPerAddress: number
  /** A command or AUTH line with its CRLF. */
  readonly commandLineBytes: number
  /** Commands before a successful AUTH, on listeners that require AUTH. */
  readonly unauthenticatedCommands: number
  readonly errors: number
  /** From the moment we wait for a command until it is complete: single bytes do not extend it. */
  readonly commandTimeoutMs: number
  /** No progress in DATA; also the window in which `dataMinBytesPerSecond` is judged. */
  readonly dataTimeoutMs: number
  readonly sessionMs: number
  readonly dataMinBytesPerSecond: number
  /** Default 3. */
  readonly authFailures?: number
  /** Default 65,536: see data-reader.ts. */
  readonly dataLineBytes?: number
  /** Content held in memory by all sessions together; beyond it DATA is answered 452 4.3.1. Default 256 MiB. */
  readonly bufferedBytes?: number
  /** The part of it that one IPv4 address or IPv6 /64 may hold, likewise answered. Default: all. */
  readonly bufferedBytesPerAddress?: number
}

/** RFC 5321 §4.5.3 with the room the extensions need. */
export const DEFAULT_SMTP_LIMITS: SmtpServerLimits = {
  messageBytes: 26_214_400,
  recipients: 1_000,
  connections: 10_000,
  connectionsPerAddress: 100,
  commandLineBytes: 2_048,
  unauthenticatedCommands: 20,
  errors: 20,
  commandTimeoutMs: 300_000,
  dataTimeoutMs: 60_000,
  sessionMs: 3_600_000,
  dataMinBytesPerSecond: 256,
}

/** Who is on the other side. A snapshot: a later call may hold another object. */
export interface SmtpPeer {
  /** Unique in this server; the only thing that log lines and peers share. */
  readonly connection: number
  readonly listener: SmtpListenerName
  /** IPv4-mapped IPv6 addresses are given as IPv4. Null on a UNIX socket. */
  readonly address: string | null
  readonly port: number | null
  readonly tls: { readonly protocol: string; readonly cipher: string } | null
  /** The name given with EHLO or HELO; null before. */
  readonly helo: string | null
  readonly esmtp: boolean
}

export interface SmtpCredentials {
  readonly mechanism: 'PLAIN' | 'LOGIN'
  readonly username: string
  readonly password: Redacted<string>
}

/** Keys in upper case; null where a parameter has no value. */
export type SmtpParameters = ReadonlyMap<string, string | null>

/** An address exactly as it stood between the angle brackets; `''` is the null reverse-path. */
export interface SmtpPath {
  readonly address: string
  readonly parameters: SmtpParameters
}

export interface SmtpMessage {
  readonly from: SmtpPath
  readonly recipients: readonly SmtpPath[]
  /** CRLF line ends, dots unstuffed, otherwise byte for byte. */
  readonly raw: Buffer
  readonly smtputf8: boolean
  /** Whether the content holds octets above 127, declared (BODY=8BITMIME) or not. */
  readonly body8bit: boolean
  /** Without CRLF. Above 998 a remote server may refuse the message (RFC 5321 §4.5.3.1.6). */
  readonly longestLineBytes: number
}

export type SmtpAuthOutcome<Session> =
  | { readonly ok: true; readonly session: Session }
  | { readonly ok: false; readonly reply: SmtpReply }

/** The decisions. `void` accepts; a 2xx reply accepts with its own text; 421 also ends the connection. */
export interface SmtpHandler<Session> {
  connect?(peer: SmtpPeer): Promise<SmtpReply | void>
  authenticate(peer: SmtpPeer, credentials: SmtpCredentials): Promise<SmtpAuthOutcome<Session>>
  mail(peer: SmtpPeer, session: Session | null, path: SmtpPath): Promise<SmtpReply | void>
  /** `taken`: the recipients of this transaction that were accepted before. */
  recipient(
    peer: SmtpPeer,
    session: Session | null,
    path: SmtpPath,
    taken: readonly SmtpPath[],
  ): Promise<SmtpReply | void>
  message(peer: SmtpPeer, session: Session | null, message: SmtpMessage): Promise<SmtpReply>
}

/** pino's shape. No line holds a mail address, a password, content or a text that a peer sent. */
export interface SmtpLog {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void
  info(fields: Readonly<Record<string, unknown>>, message: string): void
  warn(fields: Readonly<Record<string, unknown>>, message: string): void
  error(fields: Readonly<Record<string, unknown>>, message: string): void
}

export interface SmtpServerOptions<Session> {
  readonly listeners: readonly SmtpListener[]
  readonly hostname: string
  readonly bannerText?: string
  /** Read on every new TLS connection, so that certificates can be replaced; a context is built only when the values change. */
  secureContext(): SecureContextOptions
  readonly limits: SmtpServerLimits
  readonly extensions: {
    readonly smtputf8: boolean
    /** Announces DSN (RFC 3461); the options are read with `dsnOfMail` and `dsnOfRecipient`. */
    readonly dsn?: boolean
    /** Announces REQUIRETLS (RFC 8689) inside TLS; MAIL then has the parameter `REQUIRETLS` where it was asked for. */
    readonly requireTls?: boolean
    /** Further MAIL parameters, announced as extensions of the same name and let through to the handler. */
    readonly extraMailParameters?: readonly string[]
  }
  readonly handler: SmtpHandler<Session>
  readonly log: SmtpLog
  readonly metrics?: SmtpServerMetrics
}

export interface SmtpServer<Session> extends AsyncDisposable {
  /** Opens all listeners, or none: the first error closes the others and is thrown. */
  listen(): Promise<readonly SmtpListenerAddress[]>
  /**
   * Refuses new connections, ends idle ones with 421, lets transactions and handlers finish for at most `graceMs`, then closes
   * what is left; a handler that still works is not waited for.
   */
  close(options: { readonly graceMs: number }): Promise<void>
  /** Open connections, and handlers still at work for a peer that left. */
  connections(): number
  /**
   * Ends authenticated sessions with 421 4.7.0 and the reason, after the answer to the command in flight. An AUTH that is in
   * flight is judged when it succeeds. Returns how many ended or will end.
   */
  closeSessions(predicate: (session: Session, peer: SmtpPeer) => boolean, because?: string): number
}
