import { isUtf8 } from 'node:buffer'
import { VERBS } from './transitions.ts'
import type { Verb } from './transitions.ts'

const KNOWN: ReadonlyMap<string, Verb> = new Map(VERBS.map((verb) => [verb, verb]))
/** Commands of RFC 5321 and its relatives that we do not offer: 502 rather than 500. */
const UNIMPLEMENTED: ReadonlySet<string> = new Set([
  'BDAT',
  'EXPN',
  'HELP',
  'TURN',
  'ETRN',
  'ATRN',
  'SEND',
  'SOML',
  'SAML',
  'BURL',
])
const HTTP: ReadonlySet<string> = new Set([
  'GET',
  'POST',
  'PUT',
  'HEAD',
  'OPTIONS',
  'DELETE',
  'PATCH',
  'CONNECT',
  'TRACE',
  'PRI',
])
/** NUL and the other controls (general category Cc up to 127), but not the tab. The C1 range is part of UTF-8 here. */
const CONTROL = /[^\t -~\u0080-\u00ff]/
const HIGH = /[\u0080-\u00ff]/

export type Command =
  | { readonly kind: 'verb'; readonly verb: Verb; readonly argument: string }
  | { readonly kind: 'unimplemented' }
  | { readonly kind: 'unknown' }
  /** A browser or a proxy that was pointed here (cross-protocol request forgery). */
  | { readonly kind: 'http' }
  /** Control characters, NUL among them, or octets that are not UTF-8. */
  | { readonly kind: 'unreadable' }

/** One command line, given as latin1 without CRLF. White space at the end is dropped (RFC 5321 §4.1.1). */
export function parseCommand(line: string): Command {
  if (CONTROL.test(line)) return { kind: 'unreadable' }
  const text = HIGH.test(line) ? decodeUtf8(line) : line
  if (text === null) return { kind: 'unreadable' }
  const match = /^([a-z]{3,8})(?:[ \t]+|$)/i.exec(text)
  if (match === null) return { kind: 'unknown' }
  const word = (match[1] ?? '').toUpperCase()
  const verb = KNOWN.get(word)
  if (verb !== undefined) return { kind: 'verb', verb, argument: text.slice(match[0].length).trimEnd() }
  if (UNIMPLEMENTED.has(word)) return { kind: 'unimplemented' }
  return { kind: HTTP.has(word) ? 'http' : 'unknown' }
}

/** Whether the argument of EHLO or HELO may stand: real programs send names that are no host names, but never spaces. */
export function isHelloName(text: string): boolean {
  return text.length <= 255 && /^[!-~]+$/.test(text)
}

function decodeUtf8(latin1: string): string | null {
  const octets = Buffer.from(latin1, 'latin1')
  return isUtf8(octets) ? octets.toString('utf8') : null
}
