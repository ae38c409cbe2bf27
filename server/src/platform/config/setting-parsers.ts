import { resolve } from 'node:path'
import { parseVerifierKey } from '@bulkhead/tlog'
import { isCidr, isHostname, parseDnsServer } from './values.ts'
import type { ListenAddress } from './values.ts'

/** A witness of the audit log: where it answers and the key it cosigns with. */
export interface AuditWitness {
  readonly url: string
  /** A C2SP verifier key. */
  readonly vkey: string
}

/** `url verifier-key`, several separated by commas; null where one is not of that form. */
export function auditWitnesses(text: string): readonly AuditWitness[] | null {
  const witnesses: AuditWitness[] = []
  for (const part of text.split(',').map((item) => item.trim())) {
    if (part === '') continue
    const [url = '', vkey = '', ...more] = part.split(/\s+/)
    if (more.length > 0 || !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return null
    try {
      witnesses.push({ url, vkey: parseVerifierKey(vkey).text })
    } catch {
      return null
    }
  }
  return witnesses
}

/** Who may sign up; null for another word. */
export function signUpMode(text: string): 'open' | 'invited' | null {
  return text === 'open' || text === 'invited' ? text : null
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** A level of the log; null for another word. */
export function logLevel(text: string): LogLevel | null {
  return text === 'debug' || text === 'info' || text === 'warn' || text === 'error' ? text : null
}

/** The keyring reads the rest of it, and says what is wrong. */
export function rootText(text: string): string | null {
  return /^(?:\/|file:\/|pkcs11:|vault:https?:\/\/|aws-kms:arn:)/.test(text) ? text : null
}

/** A JSON object, as it was written; null for anything else. */
export function jsonObject(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? text : null
  } catch {
    return null
  }
}

/** An absolute path; null where there is none. */
export function path(text: string): string | null {
  return text === '' || text.includes('\0') ? null : resolve(text)
}

/** A host name in lower case; null where the text is none. */
export function dnsName(text: string): string | null {
  return isHostname(text) ? text.toLowerCase() : null
}

/** `address` or `address:port`, several separated by commas; null where one is not of that form. */
export function dnsServers(text: string): readonly ListenAddress[] | null {
  const servers: ListenAddress[] = []
  for (const part of text.split(',').map((item) => item.trim())) {
    if (part === '') continue
    const server = parseDnsServer(part)
    if (server === null) return null
    servers.push(server)
  }
  return servers
}

/** https, or http to this host. */
export function httpsUrl(text: string): string | null {
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '') return null
  const isLoopback = ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback) ? text : null
}

/** Networks separated by commas; null where one is not of that form. */
export function cidrs(text: string): readonly string[] | null {
  const parts = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
  return parts.every(isCidr) ? parts : null
}
