import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { SmtpTlsInfo, TlsFailureType } from './types.ts'

/** Whether the peer proved what was asked. `tlsFailure` is the word for it in a TLS report (RFC 8460 §4.3). */
export type Verdict =
  | { readonly kind: 'proved'; readonly by: Exclude<SmtpTlsInfo['authenticated'], 'none'> }
  | { readonly kind: 'failed'; readonly tlsFailure: TlsFailureType; readonly cause: string }

/** A verdict against the peer. */
export function failed(tlsFailure: TlsFailureType, cause: string): Extract<Verdict, { kind: 'failed' }> {
  return { kind: 'failed', tlsFailure, cause }
}

const HOST_NAME = /^(?!.{254})[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?$/

/**
 * RFC 6125 §6.4: labels are compared without case, and a wildcard stands for the whole left-most label only. `subject: default`
 * takes the common name where there is no DNS name at all, as DANE-TA allows (RFC 7672 §3.2.3). An IP address must be named as
 * one.
 */
export function matchesName(leaf: X509Certificate, name: string, subject: 'never' | 'default'): boolean {
  if (isIP(name) !== 0) return leaf.checkIP(name) !== undefined
  const host = name.endsWith('.') ? name.slice(0, -1) : name
  // OpenSSL takes a name with a leading dot for "any name below".
  if (!HOST_NAME.test(host)) return false
  return leaf.checkHost(host, { subject, wildcards: true, partialWildcards: false }) !== undefined
}
