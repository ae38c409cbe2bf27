import { withoutAddressWords } from './address-words.ts'
import type { Classification } from './classify.ts'

export const ACTIONS = ['failed', 'delayed', 'delivered', 'relayed', 'expanded'] as const
/** What became of a recipient, as RFC 3464 §2.3.3 names it. */
export type Action = (typeof ACTIONS)[number]

/** RFC 5965 §3.5 and the IANA registry; `other` also stands for what nobody registered. */
export const FEEDBACK_TYPES = [
  'abuse',
  'fraud',
  'virus',
  'not-spam',
  'opt-out',
  'auth-failure',
  'other',
] as const
export type FeedbackType = (typeof FEEDBACK_TYPES)[number]

/** What a report says of one recipient. */
export interface ReportedRecipient {
  /** Every way in which the report names the recipient: final, original, with and without xtext. May be empty. */
  readonly addresses: readonly string[]
  readonly action: Action
  /** `5.1.1`, where one is given. */
  readonly status: string | null
  /** What the refusing server said; as it came, so with addresses. At most 2,000 characters. */
  readonly diagnostic: string
  readonly remoteMta: string | null
  /** Who is to blame; null where the mail arrived. */
  readonly classification: Classification | null
}

interface Common {
  /** Local parts in the form of our return paths that the returned message carries: not yet checked. */
  readonly references: readonly string[]
  /** Parts or recipients were left out because of a bound. */
  readonly truncated: boolean
}

/** What a message from outside turned out to be. */
export type Report = Common &
  (
    | {
        readonly kind: 'delivery'
        /** `dsn`, or the name of the free form. */
        readonly format: string
        readonly reportingMta: string | null
        readonly recipients: readonly ReportedRecipient[]
      }
    | {
        readonly kind: 'complaint'
        /** `arf`, or `message` for a complaint that is only the message itself. */
        readonly format: string
        readonly feedbackType: FeedbackType
        /** As written, at most 60 characters. */
        readonly writtenType: string
        /** Who complained, where the report names it. */
        readonly addresses: readonly string[]
        readonly reporter: string | null
      }
    | {
        /** `receipt`: RFC 8098. `other`: nothing of these, perhaps a person who answered. */
        readonly kind: 'auto_reply' | 'challenge' | 'receipt' | 'other'
        /** What told. */
        readonly format: string
      }
  )

/** Bounds of what is taken from one report. */
export const REPORT_RECIPIENTS_MAX = 1_000
export const DIAGNOSTIC_CHARS_MAX = 2_000
const NAME_CHARS_MAX = 200

/** A host or program as a report names it: one line of printable ASCII without addresses, or null. */
export function reportedName(value: string | null): string | null {
  if (value === null) return null
  const name = withoutAddressWords(
    value.slice(0, 5 * NAME_CHARS_MAX).replace(/^\s*(?:dns|smtp|x-[a-z0-9-]+)\s*;\s*/i, ''),
  )
    .replaceAll(/[^ -~]/g, '')
    .trim()
    .slice(0, NAME_CHARS_MAX)
  return name === '' ? null : name
}

/**
 * A text for records that are not sealed: every address is taken out, the local parts of `named` too, where a text has them as words of
 * their own ("user ann.lee not listed"), and control characters. At most `max` characters.
 */
export function withoutAddresses(text: string, named: readonly string[], max: number): string {
  let rest = withoutAddressWords(text.slice(0, 4 * DIAGNOSTIC_CHARS_MAX))
  for (const address of named) {
    const local = address.slice(0, address.lastIndexOf('@'))
    if (local.length > 2) rest = withoutWord(rest, local, '<recipient>')
  }
  return (
    rest
      .replaceAll(/[\p{Cc}\p{Cs}]+/gu, ' ')
      .replaceAll(/ {2,}/g, ' ')
      .trim()
      .slice(0, max)
      // A cut through a pair leaves half of it, which no database takes.
      .toWellFormed()
  )
}

/** A word, in upper or lower case, wherever no letter or digit touches it. No pattern: one per name costs a second for a report of 1 MB. */
function withoutWord(text: string, word: string, put: string): string {
  const lower = text.toLowerCase()
  // A few letters change their length; then only what is written alike is found.
  const [where, what] = lower.length === text.length ? [lower, word.toLowerCase()] : [text, word]
  let out = ''
  let done = 0
  for (let at = where.indexOf(what); at !== -1; at = where.indexOf(what, at + 1)) {
    const end = at + what.length
    if (at < done || IN_WORD.test(text.slice(at - 1, at)) || IN_WORD.test(text.slice(end, end + 1))) continue
    out += text.slice(done, at) + put
    done = end
  }
  return out + text.slice(done)
}

const IN_WORD = /[\p{L}\p{N}]/u
