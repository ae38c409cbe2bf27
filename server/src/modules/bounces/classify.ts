import { withoutAddressWords } from './address-words.ts'
import {
  GENERIC_RULES,
  PROVIDER_RULES,
  REPUTATION_RULES,
  SENDER_TEXT,
  type ReplyRule,
} from './reply-rules.ts'
import { STATUS_MEANINGS, SUBJECT_MEANINGS, VAGUE_STATUS } from './status-codes.ts'

/** Who is to blame for a refusal (design: bounces are classified; only permanent recipient-class codes suppress). */
export const BOUNCE_CLASSES = [
  'recipient',
  'mailbox',
  'policy',
  'reputation',
  'content',
  'infrastructure',
  'protocol',
] as const
export type BounceClass = (typeof BOUNCE_CLASSES)[number]

/** What a server said of a recipient, in a session or in a report. */
export interface Refusal {
  /** Three digits; 0 or absent where there is none. */
  readonly code?: number | undefined
  /** `5.1.1`. */
  readonly enhanced?: string | undefined
  readonly text: string
  /** The command that was answered; a reply to MAIL judges the sender, whatever its code says. */
  readonly stage?: string | undefined
}

export interface Classification {
  readonly class: BounceClass
  /** Trying again is no use. */
  readonly permanent: boolean
  /** What it means, for people; never a part of the text. */
  readonly reason: string
  /** Which rule decided: `status:5.1.1`, `text:gmail.rate`, `code:552`, `none`. */
  readonly rule: string
}

const TEXT_MAX = 4_000
const STATUS = /^([245])\.(\d{1,3})\.(\d{1,3})$/

/**
 * Who is to blame for a refusal, and by which rule. In this order: what speaks of the sender's reputation; what large receivers mean by their
 * own texts; the enhanced code, where it is not one that stands for everything; the text; the class of the code; the three digits. Addresses in
 * the text are not read: `nosuchuser@` says nothing. Linear in the text, of which the first 4,000 characters count.
 */
export function classifyRefusal(refusal: Refusal): Classification {
  const text = withoutAddressWords(refusal.text.slice(0, TEXT_MAX)).replaceAll(/\s+/g, ' ')
  const [, kind, subject, detail] = STATUS.exec(refusal.enhanced ?? '') ?? []
  const status = subject === undefined || detail === undefined ? null : `${Number(subject)}.${Number(detail)}`
  const code = refusal.code ?? 0
  const permanent = kind === undefined ? code >= 500 : kind === '5'
  const ofRecipient = refusal.stage !== 'mail' && !SENDER_TEXT.test(text)

  const byRule = (found: ReplyRule): Classification =>
    found.class === 'recipient' && !ofRecipient
      ? { class: 'policy', permanent, reason: 'the sender was refused', rule: `text:${found.id}` }
      : { class: found.class, permanent, reason: found.reason, rule: `text:${found.id}` }
  const matching = (rules: readonly ReplyRule[]): ReplyRule | undefined =>
    rules.find(
      (rule) =>
        (rule.status === undefined || (status !== null && rule.status.test(status))) &&
        rule.pattern.test(text),
    )

  const special = matching(REPUTATION_RULES) ?? matching(PROVIDER_RULES)
  if (special !== undefined) return byRule(special)
  if (status !== null) {
    const registered = STATUS_MEANINGS[status]
    if (registered !== undefined && !VAGUE_STATUS.has(status)) {
      const rule = `status:${status}`
      return registered.class === 'recipient' && !ofRecipient
        ? { class: 'policy', permanent, reason: 'the sender was refused', rule }
        : { ...registered, permanent, rule }
    }
  }
  const generic = matching(GENERIC_RULES)
  // Words that any refusal has do not outweigh what a code says of its subject.
  const isWeak =
    generic === undefined ||
    generic.id === 'text.policy' ||
    (generic.class === 'recipient' && !ofRecipient) ||
    (generic.class === 'infrastructure' && status !== null)
  if (!isWeak) return byRule(generic)
  if (status !== null) {
    const known = STATUS_MEANINGS[status] ?? SUBJECT_MEANINGS[status.split('.')[0] ?? '']
    if (known !== undefined) return { ...known, permanent, rule: `status:${status}` }
  }
  if (code === 552) return { class: 'mailbox', permanent, reason: 'the mailbox is full', rule: 'code:552' }
  if (code >= 500 && code < 506)
    return { class: 'protocol', permanent, reason: 'the command is not valid there', rule: `code:${code}` }
  if (generic !== undefined) return byRule(generic)
  return { class: 'policy', permanent, reason: 'the receiver does not say why', rule: 'none' }
}

/** Code and enhanced code as they stand in a free text: `550 5.1.1 …`, `(#5.1.1)`, `550-5.7.26`. */
export function codesIn(text: string): { readonly code?: number; readonly enhanced?: string } {
  const head = text.slice(0, TEXT_MAX)
  const enhanced = /(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)/.exec(head)?.[1]
  const code = /(?<![\d.#-])([45][0-5]\d)(?=[ \-:;,)\]]|$)/.exec(head)?.[1]
  return {
    ...(code === undefined ? {} : { code: Number(code) }),
    ...(enhanced === undefined ? {} : { enhanced }),
  }
}
