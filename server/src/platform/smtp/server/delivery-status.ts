import type { SmtpParameters } from './types.ts'

/** What a submitter wants to hear of a recipient (RFC 3461 §4.1). NEVER stands alone. */
export const NOTIFY_WORDS = ['NEVER', 'SUCCESS', 'FAILURE', 'DELAY'] as const
export type NotifyWord = (typeof NOTIFY_WORDS)[number]

export interface MailDsn {
  /** How much of the message a report of failure returns (RFC 3461 §4.3). */
  readonly ret?: 'FULL' | 'HDRS'
  /** The submitter's name for this envelope, as xtext (RFC 3461 §4.4). */
  readonly envid?: string
}

export interface RecipientDsn {
  readonly notify?: readonly NotifyWord[]
  /** `rfc822;ann@example.com`, the address as xtext (RFC 3461 §4.2). */
  readonly orcpt?: string
}

/** RFC 3461 §4.2 and §4.4: characters of the value as it stands in the command. */
const ENVID_CHARS_MAX = 100
const ORCPT_CHARS_MAX = 500

const XTEXT = /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})+$/
/** RFC 6533 §3, utf-8-addr-xtext: what has no ASCII stands as `\x{…}`. */
const UTF8_XTEXT = /^(?:[!-*,-<>-[\]-~]|\+[0-9A-F]{2}|\\x\{[0-9A-F]{2,6}\})+$/
const ATOM = /^[\w!#$%&'*/?^`{|}~-]+$/
/** Graphic characters and the blank; a report's header holds it, where a line end would begin another field. */
const PRINTABLE = /^[ -~]+$/

/** The text behind xtext, null where it is none or hides something that cannot be printed. */
export function decodeXtext(text: string): string | null {
  if (!XTEXT.test(text)) return null
  const decoded = text.replaceAll(/\+([0-9A-F]{2})/g, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return PRINTABLE.test(decoded) ? decoded : null
}

/** A text as xtext (RFC 3461 §4): `+` and `=` and what is no graphic character become `+` and two hexadecimal digits. */
export function encodeXtext(text: string): string {
  return text.replaceAll(
    /[^!-*,-<>-~]/g,
    (char) => `+${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

/** Whether a parameter of MAIL that belongs to DSN is well formed; undefined where the name belongs to something else. */
export function isDsnOfMail(name: string, value: string | null): boolean | undefined {
  if (name === 'RET') return value !== null && /^(?:FULL|HDRS)$/i.test(value)
  if (name === 'ENVID')
    return value !== null && value.length <= ENVID_CHARS_MAX && decodeXtext(value) !== null
  return undefined
}

/** As `isDsnOfMail`, for RCPT. */
export function isDsnOfRecipient(name: string, value: string | null): boolean | undefined {
  if (name === 'NOTIFY') return value !== null && readNotify(value) !== null
  if (name === 'ORCPT') return value !== null && isOriginalRecipient(value)
  return undefined
}

/** The DSN options of an accepted MAIL. */
export function dsnOfMail(parameters: SmtpParameters): MailDsn {
  const ret = parameters.get('RET')?.toUpperCase()
  const envid = parameters.get('ENVID')
  return {
    ...(ret === 'FULL' || ret === 'HDRS' ? { ret } : {}),
    ...(typeof envid === 'string' ? { envid } : {}),
  }
}

/** The DSN options of an accepted RCPT. */
export function dsnOfRecipient(parameters: SmtpParameters): RecipientDsn {
  const value = parameters.get('NOTIFY')
  const notify = typeof value === 'string' ? readNotify(value) : null
  const orcpt = parameters.get('ORCPT')
  return { ...(notify === null ? {} : { notify }), ...(typeof orcpt === 'string' ? { orcpt } : {}) }
}

/** `NEVER`, or a list of the others; a word that stands twice counts once. Null: not well formed. */
function readNotify(value: string): readonly NotifyWord[] | null {
  const words = value.toUpperCase().split(',')
  // Three words there are; a longer list only repeats them.
  if (words.length > 8) return null
  const known = NOTIFY_WORDS.filter((word) => words.includes(word))
  if (words.some((word) => !NOTIFY_WORDS.some((other) => other === word))) return null
  return known.includes('NEVER') && words.length > 1 ? null : known
}

function isOriginalRecipient(value: string): boolean {
  if (value.length > ORCPT_CHARS_MAX) return false
  const end = value.indexOf(';')
  if (end < 1) return false
  const type = value.slice(0, end)
  const address = value.slice(end + 1)
  if (!ATOM.test(type)) return false
  return type.toLowerCase() === 'utf-8' ? UTF8_XTEXT.test(address) : decodeXtext(address) !== null
}
