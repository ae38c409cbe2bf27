/** One answer of the server. `enhanced` is the status code of RFC 3463 (`5.7.1`); `text` may hold several lines. */
export interface SmtpReply {
  readonly code: number
  readonly enhanced?: string
  readonly text: string | readonly string[]
}

/** A reply line is at most 512 octets with its CRLF (RFC 5321 §4.5.3.1.5); the rest is room for the two codes. */
const TEXT_OCTETS = 480
const REPLY_LINES = 20
const ENHANCED = /^[245]\.\d{1,3}\.\d{1,3}$/

/** What a handler's failure looks like from outside. */
export const INTERNAL_FAILURE: SmtpReply = reply(451, '4.3.0', 'Something went wrong here, try again later')

/** Instead of an answer to the content: the connection ends, and the other side cannot know. For simulations. */
export const NO_ANSWER: SmtpReply = { code: 0, text: '' }

/** A reply with an enhanced status code (RFC 2034). */
export function reply(code: number, enhanced: string, text: string | readonly string[]): SmtpReply {
  return { code, enhanced, text }
}

/** Whether the reply accepts what was asked. */
export function isPositive(answer: SmtpReply): boolean {
  return answer.code >= 200 && answer.code < 300
}

/** A handler's reply, or `INTERNAL_FAILURE` where its code is not a final SMTP answer (2xx, 4xx, 5xx). */
export function checkedReply(answer: SmtpReply): SmtpReply {
  const { code } = answer
  const final = Number.isInteger(code) && code >= 200 && code < 600 && (code < 300 || code >= 400)
  return final ? answer : INTERNAL_FAILURE
}

/**
 * The bytes of a reply. Line ends, control characters and everything outside ASCII are taken out of the text, so that a text
 * can never end the reply early (RFC 6531 §3.7.4.2 allows UTF-8 in few places only; we use none). Long texts are folded into a
 * multi-line reply, each line with the enhanced code (RFC 2034 §4).
 */
export function formatReply(answer: SmtpReply): string {
  const statusClass = String(answer.code).charAt(0)
  const given = answer.enhanced ?? ''
  const enhanced = ENHANCED.test(given) && given.startsWith(statusClass) ? given : `${statusClass}.0.0`
  const texts = typeof answer.text === 'string' ? [answer.text] : answer.text
  return formatLines(
    answer.code,
    texts.flatMap((text) => fold(text)).map((text) => `${enhanced} ${text}`),
  )
}

/** A reply without enhanced codes: the greeting, EHLO and HELO (RFC 2034 §4) and 334 and 354. */
export function formatPlain(code: number, texts: readonly string[]): string {
  return formatLines(
    code,
    texts.flatMap((text) => fold(text)),
  )
}

function formatLines(code: number, lines: readonly string[]): string {
  const kept = lines.slice(0, REPLY_LINES)
  if (kept.length === 0) kept.push('')
  const last = kept.length - 1
  return kept.map((line, index) => `${code}${index === last ? ' ' : '-'}${line}\r\n`).join('')
}

function fold(text: string): string[] {
  const lines: string[] = []
  for (const part of text.slice(0, TEXT_OCTETS * REPLY_LINES).split(/[\r\n]+/)) {
    const clean = part.replaceAll('\t', ' ').replaceAll(/[^ -~]/g, '?')
    if (clean === '' && text !== '') continue
    lines.push(...wrap(clean))
  }
  return lines.length === 0 ? [''] : lines
}

function wrap(text: string): string[] {
  const lines: string[] = []
  let rest = text
  while (rest.length > TEXT_OCTETS) {
    const space = rest.lastIndexOf(' ', TEXT_OCTETS)
    const cut = space > 0 ? space : TEXT_OCTETS
    lines.push(rest.slice(0, cut))
    rest = rest.slice(space > 0 ? cut + 1 : cut)
  }
  lines.push(rest)
  return lines
}
