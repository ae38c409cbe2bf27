import type { Check } from './captured.ts'
import type { ParsedMail } from './parse.ts'

/** Gmail cuts a message's HTML off behind 102 KB. */
const HTML_CLIP_BYTES = 102 * 1024
/** Common limit of large mailbox providers for a whole message. */
const MESSAGE_BYTES_MAX = 25 * 1024 * 1024

/** What a receiver, or a person, would find fault with in a message. Pure: it looks at the message only. */
export function checkMail(mail: ParsedMail, sizeBytes: number): Check[] {
  return [
    signature(mail),
    mandatoryFields(mail),
    alternative(mail),
    clipping(mail),
    size(sizeBytes),
    links(mail),
    unsubscribe(mail),
  ]
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
        detail: `${Math.ceil(bytes / 1024)} KB of HTML: Gmail cuts off behind 102 KB.`,
      }
    : { name: 'HTML size', state: 'ok', detail: `${Math.ceil(bytes / 1024)} KB.` }
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

function links(mail: ParsedMail): Check {
  const plain = new Set(
    [...(mail.html ?? '').matchAll(/href\s*=\s*["']?(http:\/\/[^"'\s>]{1,300})/gi)].map((match) => match[1]),
  )
  return plain.size === 0
    ? { name: 'Links', state: 'ok', detail: 'No link is without encryption.' }
    : {
        name: 'Links',
        state: 'warning',
        detail: `${plain.size} ${plain.size === 1 ? 'link uses' : 'links use'} http:// without encryption.`,
      }
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
    ? { name, state: 'ok', detail: 'List-Unsubscribe and List-Unsubscribe-Post are there.' }
    : {
        name,
        state: 'warning',
        detail: 'List-Unsubscribe without List-Unsubscribe-Post: no one-click (RFC 8058).',
      }
}
