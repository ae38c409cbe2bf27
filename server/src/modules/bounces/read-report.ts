import {
  decodeHeaderText,
  fieldOf,
  fieldsOf,
  partBytes,
  partText,
  readFields,
  readParts,
  type MimePart,
  type MimeTree,
  type TextField,
} from '../../platform/mime/index.ts'
import { looksLikeReturnPath } from '../../security/references/index.ts'
import { addressesIn } from './address-words.ts'
import { judged, readDeliveryStatus } from './delivery-status.ts'
import { complainantsIn, readFeedback } from './feedback.ts'
import {
  AUTO_REPLY_SUBJECT,
  CHALLENGE,
  DAEMON,
  FREE_FORMS,
  RETURNED_MESSAGE,
  STILL_TRYING,
} from './free-forms.ts'
import { DIAGNOSTIC_CHARS_MAX, type Report, type ReportedRecipient } from './report.ts'

/** What the sender writes into every message, so that a complaint that shows only the message can be matched. */
const REFERENCE_FIELD = 'x-bulkhead-reference'

const STATUS_BYTES = 1024 * 1024
const TEXT_BYTES = 128 * 1024
/** Where the form of a bounce shows. */
const HEAD_CHARS = 16_384
const REFERENCES_MAX = 20
const FREE_ADDRESSES_MAX = 50
const DELIVERY_STATUS = new Set(['message/delivery-status', 'message/global-delivery-status'])
const RETURNED = new Set([
  'message/rfc822',
  'message/global',
  'text/rfc822-headers',
  'message/global-headers',
  'message/rfc822-headers',
])

/**
 * What a message from outside is and what it says: RFC 3464 and 6533 reports, RFC 5965 complaints, free forms of bounces, RFC 8098 receipts,
 * RFC 3834 replies, challenges. `complaints`: the message came to the address of feedback loops, where a message that is only
 * sent back is a complaint. Never throws, and believes nothing: what a report refers to is for the caller to check.
 */
export function readReport(
  raw: Buffer,
  how: { readonly envelopeFrom: string; readonly complaints: boolean },
): Report {
  const tree = readParts(raw)
  const { root, leaves } = tree
  const returned = leaves.find((part) => RETURNED.has(part.type))
  const original = returned === undefined ? [] : readFields(partBytes(returned, STATUS_BYTES))
  const common = { references: referencesIn([...original, ...root.fields]), truncated: tree.truncated }

  const feedback = leaves.find((part) => part.type === 'message/feedback-report')
  if (feedback !== undefined) {
    const { mailFrom, addresses, ...found } = readFeedback(partBytes(feedback, STATUS_BYTES))
    const references = [...new Set([...common.references, ...localPartsIn(mailFrom ?? '')])]
    return {
      kind: 'complaint',
      format: 'arf',
      ...common,
      ...found,
      references,
      addresses: addresses.length > 0 ? addresses : complainantsIn(original),
    }
  }
  for (const part of leaves.filter((leaf) => DELIVERY_STATUS.has(leaf.type))) {
    const found = readDeliveryStatus(partBytes(part, STATUS_BYTES))
    if (found !== null)
      return {
        kind: 'delivery',
        format: 'dsn',
        ...common,
        ...found,
        truncated: common.truncated || found.truncated,
      }
  }
  if (leaves.some((part) => part.type === 'message/disposition-notification'))
    return { kind: 'receipt', format: 'mdn', ...common }
  if (how.complaints && returned !== undefined)
    return {
      kind: 'complaint',
      format: 'message',
      feedbackType: 'abuse',
      writtenType: '',
      addresses: complainantsIn([...root.fields, ...original]),
      reporter: null,
      ...common,
    }
  return unstructured(tree, how.envelopeFrom, common)
}

function unstructured(
  tree: MimeTree,
  envelopeFrom: string,
  common: Pick<Report, 'references' | 'truncated'>,
): Report {
  const { root } = tree
  const text = readableText(tree)
  const cut = RETURNED_MESSAGE.exec(text)?.index ?? text.length
  const before = text.slice(0, cut)
  const subject = decodeHeaderText(fieldOf(root, 'subject') ?? '').slice(0, 500)
  const from = localPartOf(fieldOf(root, 'from') ?? '')
  const isDaemon = envelopeFrom === '' || DAEMON.test(from)
  const failed = fieldOf(root, 'x-failed-recipients')
  const bounce = (format: string): Report => ({
    kind: 'delivery',
    format,
    reportingMta: null,
    recipients: freeRecipients(before, text.slice(cut), failed, fieldOf(root, 'from') ?? ''),
    ...common,
  })

  const head = `${subject}\n${before.slice(0, HEAD_CHARS)}`
  const strong = FREE_FORMS.find((form) => !form.needsDaemon && form.pattern.test(head))
  if (failed !== null || strong !== undefined) return bounce(strong?.id ?? 'exim')
  const automatic = autoReply(root, subject)
  if (automatic !== null) return { kind: 'auto_reply', format: automatic, ...common }
  if (
    CHALLENGE.test(head.slice(0, 4_000)) ||
    root.fields.some(({ name }) => /^x-(?:tmda|boxbe|spamarrest|challenge)/.test(name))
  )
    return { kind: 'challenge', format: 'text', ...common }
  const weak = isDaemon ? FREE_FORMS.find((form) => form.needsDaemon && form.pattern.test(head)) : undefined
  return weak === undefined ? { kind: 'other', format: 'text', ...common } : bounce(weak.id)
}

/** RFC 3834 §5, and what programs wrote before it; null where nothing tells. */
function autoReply(root: MimePart, subject: string): string | null {
  const submitted = (fieldOf(root, 'auto-submitted') ?? 'no').toLowerCase().trim()
  if (submitted !== 'no' && submitted !== '') return 'auto-submitted'
  if (
    root.fields.some(({ name }) =>
      /^x-(?:auto-?re(?:ply|spond|sponse)|mail-autoreply|autogenerated)/.test(name),
    )
  )
    return 'x-autoreply'
  if (/auto[_-]?reply/i.test(fieldOf(root, 'precedence') ?? '')) return 'precedence'
  return AUTO_REPLY_SUBJECT.test(subject) ? 'subject' : null
}

/**
 * The recipients that a free text names: every address before the returned message, each with the words up to the next one. Where it names
 * none, the returned message's To may tell; the caller checks every address against the message that was sent.
 */
function freeRecipients(
  before: string,
  returned: string,
  failed: string | null,
  reporter: string,
): readonly ReportedRecipient[] {
  const action =
    STILL_TRYING.test(before) && !/permanent|fatal|endgültig/i.test(before) ? 'delayed' : 'failed'
  const whole = before.slice(0, 4 * DIAGNOSTIC_CHARS_MAX)
  const named = addressesIn(before, FREE_ADDRESSES_MAX).filter(
    ({ address }) => !reporter.includes(address) && !looksLikeReturnPath(address.split('@', 1)[0] ?? ''),
  )
  const one = (addresses: readonly string[], words: string): ReportedRecipient => {
    const diagnostic = words.trim().slice(0, DIAGNOSTIC_CHARS_MAX)
    const classification = judged(action, null, diagnostic)
    return {
      addresses,
      action,
      status: null,
      diagnostic,
      remoteMta: null,
      // Words that say nothing of their own: the whole text may.
      classification: classification.rule === 'none' ? judged(action, null, whole) : classification,
    }
  }
  const listed = addressesIn(failed ?? '', FREE_ADDRESSES_MAX).map(({ address }) => address)
  const found = named.map(({ address, at }, position) =>
    one([address], before.slice(at + address.length, named[position + 1]?.at ?? before.length)),
  )
  const missing = listed.filter((address) => !named.some((item) => item.address === address))
  const all = [...found, ...missing.map((address) => one([address], whole))]
  if (all.length > 0) return all
  const quoted = fieldsOf({ fields: readFields(Buffer.from(returned.slice(0, TEXT_BYTES))) }, 'to')
  return [
    one(
      addressesIn(quoted.join(', '), FREE_ADDRESSES_MAX).map(({ address }) => address),
      whole,
    ),
  ]
}

/** The text that a person would read: the first plain part, or the first HTML part without its marks. */
function readableText({ leaves }: MimeTree): string {
  const plain = leaves.find((part) => part.type === 'text/plain')
  const text = plain === undefined ? '' : partText(plain, TEXT_BYTES)
  if (text.trim() !== '') return text
  const html = leaves.find((part) => part.type === 'text/html')
  if (html === undefined) return text
  return partText(html, TEXT_BYTES)
    .replaceAll(/<(?:style|script)\b[^>]{0,500}>[^<]{0,20000}/gi, ' ')
    .replaceAll(/<(?:br|\/p|\/div|\/tr|\/li|\/h\d)\b[^>]{0,200}>/gi, '\n')
    .replaceAll(/<[^<@>]{0,2000}>/g, ' ')
    .replaceAll(/&(?:lt|gt|quot|nbsp|amp|#39|#64);/g, (entity) => ENTITIES[entity] ?? ' ')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&nbsp;': ' ',
  '&amp;': '&',
  '&#39;': "'",
  '&#64;': '@',
}

/** Return paths and our own field, in the order in which they are believed. */
function referencesIn(fields: readonly TextField[]): readonly string[] {
  const found = [
    REFERENCE_FIELD,
    'return-path',
    'x-original-return-path',
    'original-mail-from',
    'list-unsubscribe',
    'x-envelope-from',
  ].flatMap((name) => fieldsOf({ fields }, name).slice(0, REFERENCES_MAX).flatMap(localPartsIn))
  return [...new Set(found)].slice(0, REFERENCES_MAX)
}

/** Tokens in the form of a return path, alone or before an @. */
function localPartsIn(value: string): readonly string[] {
  return value
    .slice(0, 4_000)
    .split(/[^A-Za-z0-9-]+/)
    .filter(looksLikeReturnPath)
}

function localPartOf(from: string): string {
  const address = addressesIn(from, 5).at(-1)?.address ?? ''
  return address.slice(0, Math.max(0, address.lastIndexOf('@')))
}
