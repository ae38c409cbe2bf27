import { isIP } from 'node:net'
import { z } from 'zod'
import { Redacted } from '../../kernel/redacted.ts'

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** Where mail goes: a local inbox, the recipients' own servers, or one relay. */
export type Outbound =
  | { readonly kind: 'capture' }
  | { readonly kind: 'direct' }
  | {
      readonly kind: 'relay'
      readonly host: string
      readonly port: number
      /** True: TLS from the first byte (smtps). */
      readonly implicitTls: boolean
      readonly auth: { readonly username: string; readonly password: Redacted<string> } | null
    }

const HOSTNAME =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/i

/** A zod parser from text; `read` returns null where the text does not fit, and `hint` says what to write instead. */
export function textValue<T>(hint: string, read: (text: string) => T | null): z.ZodType<T, string> {
  return z.string().transform((text, context) => {
    const value = read(text.trim())
    if (value === null) {
      context.addIssue({ code: 'custom', message: hint })
      return z.NEVER
    }
    return value
  })
}

/** `host:port`; an IPv6 address stands in brackets; port 0 asks the system for a free one. */
export function parseListenAddress(text: string): ListenAddress | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/i.exec(text)
  if (match === null) return null
  const port = Number(match[3])
  const host = match[1] ?? match[2] ?? ''
  if (port > 65_535) return null
  if (match[1] === undefined ? !isHost(host) : isIP(host) !== 6) return null
  return { host, port }
}

/** `host` or `host:port` of a DNS server, port 53 by default. */
export function parseDnsServer(text: string): ListenAddress | null {
  if (isIP(text) !== 0) return { host: text, port: 53 }
  const address = parseListenAddress(text)
  return address === null || isIP(address.host) === 0 || address.port === 0 ? null : address
}

/** An address, or a network in CIDR notation. */
export function isCidr(text: string): boolean {
  const [network = '', prefix, more] = text.split('/')
  const family = isIP(network)
  if (family === 0 || more !== undefined) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 6 ? 128 : 32))
}

/** `capture`, `direct`, or `smtp(s)://[user:password@]host[:port]` (default ports 25 and 465). */
export function parseOutbound(text: string): Outbound | null {
  if (text === 'capture' || text === 'direct') return { kind: text }
  if (!/^smtps?:\/\//.test(text) || !URL.canParse(text)) return null
  const url = new URL(text)
  const implicitTls = url.protocol === 'smtps:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if ((isIP(host) === 0 && !isHostname(host)) || !['', '/'].includes(url.pathname)) return null
  if (url.search !== '' || url.hash !== '' || url.port === '0') return null
  const username = decode(url.username)
  const password = decode(url.password)
  if (username === null || password === null || (username === '') !== (password === '')) return null
  return {
    kind: 'relay',
    host,
    port: url.port === '' ? (implicitTls ? 465 : 25) : Number(url.port),
    implicitTls,
    auth: username === '' ? null : { username, password: new Redacted(password) },
  }
}

/** `on`/`off` and their usual synonyms. */
export function parseSwitch(text: string): boolean | null {
  const word = text.toLowerCase()
  if (['on', 'true', '1', 'yes'].includes(word)) return true
  if (['off', 'false', '0', 'no'].includes(word)) return false
  return null
}

/** A decimal number within bounds. */
export function parseNumber(text: string, min: number, max: number): number | null {
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(text)) return null
  const value = Number(text)
  return value >= min && value <= max ? value : null
}

/** A URL of a PostgreSQL server, kept as a secret because it holds a password. */
export function parseDatabaseUrl(text: string): Redacted<string> | null {
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) return null
  const url = new URL(text)
  return url.username === '' || url.pathname.length < 2 ? null : new Redacted(text)
}

/** An http(s) origin without a trailing slash. */
export function parsePublicUrl(text: string): string | null {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return null
  const url = new URL(text)
  if (url.username !== '' || url.search !== '' || url.hash !== '') return null
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

/** A URL to append `/<range>` to: https, or http on this host, so that nobody on the way answers `not breached`. */
export function parseRangeUrl(text: string): string | null {
  const url = parsePublicUrl(text)
  if (url === null) return null
  const { protocol, hostname } = new URL(url)
  const isHere = ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)
  return protocol === 'https:' || isHere ? url : null
}

/** Is the text a DNS name? Underscores are allowed: they occur in real MX and relay names. */
export function isHostname(text: string): boolean {
  return HOSTNAME.test(text)
}

function isHost(text: string): boolean {
  return isIP(text) === 4 || isHostname(text)
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
