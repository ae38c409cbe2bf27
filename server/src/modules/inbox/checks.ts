import type { Check } from './captured.ts'
import { checkLinks } from './link-checks.ts'
import type { ParsedMail } from './parse.ts'

/** Gmail cuts a message's HTML off behind 102 KB. */
const HTML_CLIP_BYTES = 102 * 1024
/** Common limit of large mailbox providers for a whole message. */
const MESSAGE_BYTES_MAX = 25 * 1024 * 1024

/** What lies behind is not looked at. */
const HTML_CHARS_MAX = 300_000

/** What a receiver, or a person, would find fault with in a message. Pure: it looks at the message only. */
export function checkMail(mail: ParsedMail, sizeBytes: number, envelopeFrom: string): Check[] {
  return [
    signature(mail),
    reversePath(mail, envelopeFrom),
    mandatoryFields(mail),
    subject(mail),
    alternative(mail),
    clipping(mail),
    size(sizeBytes),
    checkLinks(mail.html),
    images(mail),
    unsubscribe(mail),
  ]
}

/** What SPF vouches for is the domain of the reverse-path; it counts for DMARC only where that aligns with From (RFC 7489 §3.1.2). */
function reversePath(mail: ParsedMail, envelopeFrom: string): Check {
  const name = 'SPF alignment'
  const domain = envelopeFrom.slice(envelopeFrom.lastIndexOf('@') + 1).toLowerCase()
  if (envelopeFrom === '')
    return { name, state: 'ok', detail: 'The reverse-path is empty, as of reports: DMARC rests on DKIM.' }
  if (mail.fromDomain !== null && isAligned(mail.fromDomain, domain))
    return { name, state: 'ok', detail: `The reverse-path is at ${domain}, which aligns with From.` }
  return {
    name,
    state: 'warning',
    detail: `The reverse-path is at ${domain}, which does not align with From: DMARC rests on DKIM alone. A return path of the domain’s own aligns it: bulkhead domains show.`,
  }
}

function subject(mail: ParsedMail): Check {
  const name = 'Subject'
  const text = mail.headers.find((header) => header.name.toLowerCase() === 'subject')?.value ?? ''
  const letters = text.replaceAll(/[^\p{L}]/gu, '')
  const warn = (detail: string): Check => ({ name, state: 'warning', detail })
  if (text.trim() === '') return warn('It is empty.')
  if (letters.length > 8 && letters === letters.toUpperCase() && letters !== letters.toLowerCase())
    return warn('All capitals: filters and people take it for shouting.')
  if (/!{2,}|\?{2,}|\${2,}/.test(text)) return warn('Repeated !, ? or $ look like spam to filters.')
  if (
    /^(?:re|fwd?):/i.test(text) &&
    !mail.headers.some(({ name: field }) => /^(?:references|in-reply-to)$/i.test(field))
  )
    return warn('It says Re: or Fwd: and answers nothing (no References), as spam does.')
  return text.length > SUBJECT_CHARS_MAX
    ? warn(`${text.length} characters: most readers cut it off behind ${SUBJECT_CHARS_MAX}.`)
    : { name, state: 'ok', detail: `${text.length} characters.` }
}

const SUBJECT_CHARS_MAX = 78

/** Whoever loads no images sees their alt texts; a mail of images alone says nothing to him, nor to a filter. */
function images(mail: ParsedMail): Check {
  const name = 'Images'
  const html = (mail.html ?? '').slice(0, HTML_CHARS_MAX)
  const all = [...html.matchAll(/<img\s[^<>]{0,2000}>/gi)].map(([tag]) => tag)
  const seen = all.filter((tag) => !/\b(?:width|height)\s*=\s*["']?[01]\b/i.test(tag))
  const silent = seen.filter((tag) => !/\balt\s*=/i.test(tag))
  const words = html
    .replaceAll(/<(?:style|title)[^<>]{0,500}>[^<]*/gi, ' ')
    .replaceAll(/<[^<>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  if (seen.length > 0 && words.length < 40)
    return {
      name,
      state: 'warning',
      detail: 'Images with hardly any text: filters distrust that, and many readers load none.',
    }
  return silent.length > 0
    ? { name, state: 'warning', detail: `${silent.length} of ${seen.length} lack an alt text.` }
    : {
        name,
        state: 'ok',
        detail: seen.length === 0 ? 'There are none.' : `${seen.length}, each with an alt text.`,
      }
}

function signature(mail: ParsedMail): Check {
  const signatures = mail.headers.filter((header) => header.name.toLowerCase() === 'dkim-signature')
  const domains = signatures.map((header) => /(?:^|;)\s*d=([^;\s]+)/.exec(header.value)?.[1] ?? '?')
  const name = 'DKIM signature'
  if (signatures.length === 0) {
    return { name, state: 'problem', detail: 'The message is not signed. Verify its sending domain.' }
  }
  const fromDomain = mail.fromDomain
  const aligned = fromDomain !== null && domains.some((domain) => isAligned(fromDomain, domain.toLowerCase()))
  return aligned
    ? { name, state: 'ok', detail: `Signed by ${[...new Set(domains)].join(', ')}.` }
    : {
        name,
        state: 'problem',
        detail: `Signed by ${domains.join(', ')}, which does not align with From: DMARC fails.`,
      }
}

/** Relaxed alignment without a list of public suffixes: one name lies under the other. */
function isAligned(from: string, signer: string): boolean {
  return from === signer || from.endsWith(`.${signer}`) || signer.endsWith(`.${from}`)
}

function mandatoryFields(mail: ParsedMail): Check {
  const count = (field: string) => mail.headers.filter((header) => header.name.toLowerCase() === field).length
  // RFC 5322 §3.6: From and Date are mandatory; each of these may stand once.
  const missing = ['from', 'date', 'message-id'].filter((field) => count(field) === 0)
  const doubled = ['from', 'date', 'message-id', 'subject', 'to', 'cc', 'reply-to'].filter(
    (field) => count(field) > 1,
  )
  const name = 'Header fields'
  if (doubled.length > 0) return { name, state: 'problem', detail: `More than one: ${doubled.join(', ')}.` }
  if (missing.length > 0) return { name, state: 'problem', detail: `Missing: ${missing.join(', ')}.` }
  return count('subject') === 0
    ? { name, state: 'warning', detail: 'There is no subject.' }
    : { name, state: 'ok', detail: 'From, Date, Message-ID and Subject are there.' }
}

function alternative(mail: ParsedMail): Check {
  const name = 'Plain text'
  if (mail.html === null) return { name, state: 'ok', detail: 'The message is plain text.' }
  return mail.text === null || mail.text.trim() === ''
    ? { name, state: 'warning', detail: 'HTML without a text part: some readers and filters want both.' }
    : { name, state: 'ok', detail: 'HTML and text are both there.' }
}

function clipping(mail: ParsedMail): Check {
  const bytes = Buffer.byteLength(mail.html ?? '')
  return bytes > HTML_CLIP_BYTES
    ? {
        name: 'HTML size',
        state: 'warning',
        detail: `${Math.ceil(bytes / 1024)} KB of HTML: Gmail clips what is behind 102 KB and hides it behind a link, an opening pixel and an unsubscribe link at the end with it.`,
      }
    : {
        name: 'HTML size',
        state: 'ok',
        detail: `${Math.ceil(bytes / 1024)} KB; Gmail clips HTML behind 102 KB.`,
      }
}

function size(sizeBytes: number): Check {
  const shown =
    sizeBytes < 1024 * 1024
      ? `${Math.ceil(sizeBytes / 1024)} KB`
      : `${(sizeBytes / 1024 / 1024).toFixed(1)} MB`
  return sizeBytes > MESSAGE_BYTES_MAX
    ? {
        name: 'Message size',
        state: 'problem',
        detail: `${shown}: many servers refuse more than 25 MB.`,
      }
    : { name: 'Message size', state: 'ok', detail: `${shown}.` }
}

function unsubscribe(mail: ParsedMail): Check {
  const has = (field: string) => mail.headers.some((header) => header.name.toLowerCase() === field)
  const name = 'One-click unsubscribe'
  if (!has('list-unsubscribe')) {
    return {
      name,
      state: 'ok',
      detail: 'No List-Unsubscribe: right for transactional mail, needed for lists (RFC 8058).',
    }
  }
  return has('list-unsubscribe-post')
    ? { name, state: 'ok', detail: 'List-Unsubscribe and List-Unsubscribe-Post are there (RFC 8058).' }
    : {
        name,
        state: 'warning',
        detail: 'List-Unsubscribe without List-Unsubscribe-Post: no one-click (RFC 8058).',
      }
}
