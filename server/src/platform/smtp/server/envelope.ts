import { isIPv4, isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'
import { isDsnOfMail, isDsnOfRecipient } from './delivery-status.ts'
import { reply } from './reply.ts'
import type { SmtpReply } from './reply.ts'
import type { SmtpParameters, SmtpPath } from './types.ts'

/** RFC 5321 §4.5.3.1, in octets. */
const LOCAL_PART_OCTETS = 64
const DOMAIN_OCTETS = 255
const PATH_OCTETS = 256
const LABEL_OCTETS = 63

const DOT_STRING =
  /^[\w!#$%&'*+\-/=?^`{|}~\u0080-\u{10ffff}]+(?:\.[\w!#$%&'*+\-/=?^`{|}~\u0080-\u{10ffff}]+)*$/u
const QUOTED_STRING = /^"(?:[ !#-[\]-~\u00a0-\u{10ffff}]|\\[ -~])*"/u
const LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i
const PARAMETER = /^([a-z0-9][a-z0-9-]*)(?:=([!-<>-~]+))?$/i
/** C1 controls, invisible separators and direction marks have no place in an address (RFC 5198 §2, UTS 36). */
const INVISIBLE = /[\u0080-\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]/
const NON_ASCII = /[^\0-\u007f]/
const NO_PARAMETERS: SmtpParameters = new Map()

export type PathOutcome =
  | { readonly ok: true; readonly path: SmtpPath }
  | { readonly ok: false; readonly reply: SmtpReply }

export type MailOutcome =
  | { readonly ok: true; readonly path: SmtpPath; readonly smtputf8: boolean }
  | { readonly ok: false; readonly reply: SmtpReply }

export interface MailRules {
  readonly messageBytes: number
  readonly smtputf8: boolean
  /** Delivery status notifications (RFC 3461): RET and ENVID here, NOTIFY and ORCPT at RCPT. */
  readonly dsn: boolean
  /** REQUIRETLS (RFC 8689), which may stand inside TLS only. */
  readonly requireTls: boolean
  readonly extra: ReadonlySet<string>
}

/**
 * The argument of MAIL: `FROM:<path> parameters` (RFC 5321 §4.1.1.2), with what the announced extensions allow. `auth`: whether
 * AUTH was announced; then the AUTH parameter may stand (RFC 4954 §5), but its claim is not used.
 */
export function parseMail(argument: string, rules: MailRules, auth: boolean): MailOutcome {
  const parsed = parsePathArgument(argument, 'FROM')
  if (!parsed.ok) return parsed
  const { address, parameters } = parsed.path
  for (const [name, value] of parameters) {
    const refusal = mailParameterRefusal(name, value, rules, auth)
    if (refusal !== null) return { ok: false, reply: refusal }
  }
  const smtputf8 = parameters.has('SMTPUTF8')
  if (!smtputf8 && NON_ASCII.test(address)) return { ok: false, reply: NEEDS_SMTPUTF8 }
  return { ok: true, path: parsed.path, smtputf8 }
}

/** The argument of RCPT: `TO:<path>` (RFC 5321 §4.1.1.3); `dsn`: NOTIFY and ORCPT may follow (RFC 3461 §4.1, §4.2). */
export function parseRecipient(argument: string, smtputf8: boolean, dsn: boolean): PathOutcome {
  const parsed = parsePathArgument(argument, 'TO')
  if (!parsed.ok) return parsed
  for (const [name, value] of parsed.path.parameters) {
    const good = dsn ? isDsnOfRecipient(name, value) : undefined
    if (good !== true) return { ok: false, reply: good === undefined ? UNKNOWN_PARAMETER : BAD_PARAMETER }
  }
  if (parsed.path.address === '') return { ok: false, reply: badSyntax('TO') }
  if (!smtputf8 && NON_ASCII.test(parsed.path.address)) return { ok: false, reply: NEEDS_SMTPUTF8 }
  return parsed
}

const UNKNOWN_PARAMETER = reply(555, '5.5.4', 'Parameter not recognized or not implemented')
const BAD_PARAMETER = reply(501, '5.5.4', 'Syntax error in parameters')
const DUPLICATE_PARAMETER = reply(501, '5.5.4', 'Parameter given twice')
const TOO_LARGE = reply(552, '5.3.4', 'Message size exceeds the limit')
/** RFC 6531 §3.5. */
const NEEDS_SMTPUTF8 = reply(553, '5.6.7', 'Address needs SMTPUTF8')

function badSyntax(keyword: 'FROM' | 'TO'): SmtpReply {
  return keyword === 'FROM'
    ? reply(501, '5.1.7', 'Bad sender address syntax, expected MAIL FROM:<address>')
    : reply(501, '5.1.3', 'Bad recipient address syntax, expected RCPT TO:<address>')
}

function mailParameterRefusal(
  name: string,
  value: string | null,
  rules: MailRules,
  auth: boolean,
): SmtpReply | null {
  switch (name) {
    case 'SIZE':
      if (value === null || !/^\d{1,20}$/.test(value)) return BAD_PARAMETER
      return Number(value) > rules.messageBytes ? TOO_LARGE : null
    case 'BODY':
      return value !== null && /^(?:7BIT|8BITMIME)$/i.test(value) ? null : BAD_PARAMETER
    case 'SMTPUTF8':
      if (!rules.smtputf8) return UNKNOWN_PARAMETER
      return value === null ? null : BAD_PARAMETER
    case 'AUTH':
      if (!auth) return UNKNOWN_PARAMETER
      return value === null ? BAD_PARAMETER : null
    case 'REQUIRETLS':
      if (!rules.requireTls) return UNKNOWN_PARAMETER
      return value === null ? null : BAD_PARAMETER
    default: {
      const good = rules.dsn ? isDsnOfMail(name, value) : undefined
      if (good !== undefined) return good ? null : BAD_PARAMETER
      return rules.extra.has(name) ? null : UNKNOWN_PARAMETER
    }
  }
}

function parsePathArgument(argument: string, keyword: 'FROM' | 'TO'): PathOutcome {
  const syntax = { ok: false, reply: badSyntax(keyword) } as const
  const prefix = `${keyword}:`
  if (argument.slice(0, prefix.length).toUpperCase() !== prefix) return syntax
  // One space after the colon is against RFC 5321 §3.3 but common in devices; it cannot change the meaning.
  const start = argument.charAt(prefix.length) === ' ' ? prefix.length + 1 : prefix.length
  const text = argument.slice(start)
  const end = pathEnd(text)
  if (end === -1) return syntax
  const address = text.slice(1, end)
  const rest = text.slice(end + 1)
  if (Buffer.byteLength(address) > PATH_OCTETS - 2) return syntax
  const postmaster = keyword === 'TO' && address.toLowerCase() === 'postmaster'
  if (address !== '' && !postmaster && !isMailbox(address)) return syntax
  if (rest !== '' && !rest.startsWith(' ')) return syntax
  const parameters = parseParameters(rest)
  return 'code' in parameters
    ? { ok: false, reply: parameters }
    : { ok: true, path: { address, parameters: parameters.map } }
}

/** The index of the closing bracket; a bracket inside a quoted local part does not close. */
function pathEnd(text: string): number {
  if (!text.startsWith('<')) return -1
  const quoted = QUOTED_STRING.exec(text.slice(1))
  return text.indexOf('>', quoted === null ? 1 : 1 + quoted[0].length)
}

function parseParameters(rest: string): { readonly map: SmtpParameters } | SmtpReply {
  if (rest.trim() === '') return { map: NO_PARAMETERS }
  const map = new Map<string, string | null>()
  for (const word of rest.split(' ')) {
    if (word === '') continue
    const match = PARAMETER.exec(word)
    const name = match?.[1]?.toUpperCase()
    if (name === undefined) return BAD_PARAMETER
    if (map.has(name)) return DUPLICATE_PARAMETER
    map.set(name, match?.[2] ?? null)
  }
  return { map }
}

/**
 * Whether the text is a Mailbox (RFC 5321 §4.1.2, with RFC 6531 §3.3): dot-string or quoted local part, host name or address
 * literal. A source route begins with `@` and is therefore none (RFC 5321 appendix C lets a server refuse it).
 */
export function isMailbox(text: string): boolean {
  const quoted = QUOTED_STRING.exec(text)
  const localEnd = quoted === null ? text.indexOf('@') : quoted[0].length
  if (localEnd <= 0 || text.charAt(localEnd) !== '@') return false
  const local = text.slice(0, localEnd)
  const domain = text.slice(localEnd + 1)
  if (quoted === null && !DOT_STRING.test(local)) return false
  if (Buffer.byteLength(local) > LOCAL_PART_OCTETS || INVISIBLE.test(text)) return false
  return domain.startsWith('[') ? isAddressLiteral(domain) : isDomain(domain)
}

function isAddressLiteral(text: string): boolean {
  if (!text.endsWith(']')) return false
  const inner = text.slice(1, -1)
  if (isIPv4(inner)) return true
  return /^IPv6:/i.test(inner) && !inner.includes('%') && isIPv6(inner.slice(5))
}

function isDomain(text: string): boolean {
  if (text === '' || Buffer.byteLength(text) > DOMAIN_OCTETS) return false
  if (/[^a-z0-9.-]/i.test(text) && !NON_ASCII.test(text)) return false
  if (NON_ASCII.test(text) && /[^a-z0-9.\-\u0080-\u{10ffff}]/iu.test(text)) return false
  const ascii = NON_ASCII.test(text) ? domainToASCII(text) : text
  return ascii !== '' && ascii.split('.').every((label) => label.length <= LABEL_OCTETS && LABEL.test(label))
}
