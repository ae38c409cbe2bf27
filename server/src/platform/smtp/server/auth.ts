import { isUtf8 } from 'node:buffer'
import { Redacted } from '../../../kernel/redacted.ts'
import { reply } from './reply.ts'
import type { SmtpReply } from './reply.ts'
import type { SmtpCredentials } from './types.ts'

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const CONTROL = /\p{Cc}/u
const USERNAME_OCTETS = 255
const PASSWORD_OCTETS = 1_024

export const AUTH_MECHANISMS = ['PLAIN', 'LOGIN'] as const

const CANCELLED = reply(501, '5.7.0', 'Authentication cancelled')
const UNDECODABLE = reply(501, '5.5.2', 'Cannot decode the response')
const UNKNOWN_MECHANISM = reply(504, '5.5.4', 'Unrecognized authentication mechanism')
const SYNTAX = reply(501, '5.5.4', 'Expected AUTH mechanism [initial-response]')
const FOREIGN_IDENTITY = reply(535, '5.7.8', 'Authentication credentials invalid')
/** RFC 4954 §6. */
export const AUTH_LINE_TOO_LONG: SmtpReply = reply(500, '5.5.6', 'Authentication exchange line is too long')

export type AuthStep =
  /** `text` is base64, for a 334 reply. */
  | { readonly kind: 'challenge'; readonly text: string }
  | { readonly kind: 'credentials'; readonly credentials: SmtpCredentials }
  | { readonly kind: 'refused'; readonly reply: SmtpReply }

/** One AUTH PLAIN (RFC 4616) or LOGIN exchange: at most two answers of the client, each one line. */
export class AuthExchange {
  readonly #mechanism: SmtpCredentials['mechanism']
  #username: string | null = null

  private constructor(mechanism: SmtpCredentials['mechanism']) {
    this.#mechanism = mechanism
  }

  /** The argument of AUTH (RFC 4954 §4). The exchange is over unless the step is a challenge. */
  static begin(argument: string): { readonly exchange: AuthExchange; readonly step: AuthStep } {
    const [name = '', initial, ...more] = argument.split(' ')
    const mechanism = AUTH_MECHANISMS.find((known) => known === name.toUpperCase())
    const exchange = new AuthExchange(mechanism ?? 'PLAIN')
    if (name === '' || more.length > 0) return { exchange, step: refused(SYNTAX) }
    if (mechanism === undefined) return { exchange, step: refused(UNKNOWN_MECHANISM) }
    if (initial === undefined) {
      const text = mechanism === 'PLAIN' ? '' : Buffer.from('Username:').toString('base64')
      return { exchange, step: { kind: 'challenge', text } }
    }
    // "=" is how an empty initial response is written (RFC 4954 §4).
    return { exchange, step: initial === '=' ? refused(UNDECODABLE) : exchange.next(initial) }
  }

  /** The client's next line. */
  next(line: string): AuthStep {
    if (line === '*') return refused(CANCELLED)
    const text = decode(line)
    if (text === null) return refused(UNDECODABLE)
    if (this.#mechanism === 'PLAIN') return plain(text)
    if (this.#username !== null) return finish('LOGIN', this.#username, text)
    if (!isUsername(text)) return refused(UNDECODABLE)
    this.#username = text
    return { kind: 'challenge', text: Buffer.from('Password:').toString('base64') }
  }
}

/** `[authzid] NUL authcid NUL passwd`. Acting for another identity is not offered. */
function plain(text: string): AuthStep {
  const parts = text.split('\0')
  const [identity = '', username = '', password = ''] = parts
  if (parts.length !== 3) return refused(UNDECODABLE)
  if (identity !== '' && identity !== username) return refused(FOREIGN_IDENTITY)
  return finish('PLAIN', username, password)
}

function finish(mechanism: SmtpCredentials['mechanism'], username: string, password: string): AuthStep {
  const usable = password !== '' && Buffer.byteLength(password) <= PASSWORD_OCTETS && !CONTROL.test(password)
  if (!usable || !isUsername(username)) return refused(UNDECODABLE)
  return { kind: 'credentials', credentials: { mechanism, username, password: new Redacted(password) } }
}

function isUsername(text: string): boolean {
  return text !== '' && Buffer.byteLength(text) <= USERNAME_OCTETS && !CONTROL.test(text)
}

/** Strict base64 of UTF-8: Node's own decoder skips what it does not know. */
function decode(line: string): string | null {
  if (!BASE64.test(line)) return null
  const octets = Buffer.from(line, 'base64')
  return isUtf8(octets) ? octets.toString('utf8') : null
}

function refused(answer: SmtpReply): AuthStep {
  return { kind: 'refused', reply: answer }
}
