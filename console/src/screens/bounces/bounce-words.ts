import type { Bounce } from '@bulkhead/sdk'
import type { Tone } from '../../ui/chip.tsx'
import type { Kind } from './bounces-search.ts'

export const KIND_WORDS: Readonly<Record<Kind, string>> = {
  bounce: 'bounce',
  notice: 'notice',
  complaint: 'complaint',
  auto_reply: 'automatic reply',
  challenge: 'challenge',
  receipt: 'receipt',
  other: 'other',
  mail: 'mail',
}

export const KIND_TONES: Readonly<Record<Kind, Tone>> = {
  bounce: 'bad',
  notice: 'info',
  complaint: 'bad',
  auto_reply: 'neutral',
  challenge: 'warn',
  receipt: 'neutral',
  other: 'neutral',
  mail: 'neutral',
}

export const KIND_HINTS: Readonly<Record<Kind, string>> = {
  bounce: 'A server that had taken the mail says that it was not delivered.',
  notice: 'A server says that the mail is late, or that it was delivered.',
  complaint: 'Somebody reported the mail as spam.',
  auto_reply: 'A machine answered, such as an absence note.',
  challenge: 'A machine asks whether a person wrote.',
  receipt: 'The mail was displayed, says the program of its reader.',
  other: 'None of these; perhaps a person who answered.',
  mail: 'Mail to postmaster or abuse.',
}

export const CLASS_WORDS: Readonly<Record<string, string>> = {
  recipient: 'the recipient: no such mailbox',
  mailbox: 'the mailbox: full, or closed for a time',
  policy: 'a policy of the receiver',
  reputation: 'the standing of the sender',
  content: 'the content',
  infrastructure: 'a server or the network',
  protocol: 'the dialogue',
}

export const EFFECT_WORDS: Readonly<Record<string, string>> = {
  none: 'nothing',
  returned: 'the event message.returned',
  complained: 'the event message.complained',
  unsubscribed: 'the event message.unsubscribed',
}

/** Why it came back, in few words: what a list shows. */
export function reasonOf(bounce: Bounce): string {
  const finding = bounce.recipients.find(({ class: blame }) => blame !== null) ?? bounce.recipients[0]
  if (bounce.kind === 'complaint') return bounce.feedbackType ?? KIND_HINTS.complaint
  return finding?.reason ?? finding?.note ?? KIND_HINTS[bounce.kind]
}

/** What came of it, as a list shows it. */
export function outcomeOf(bounce: Bounce): { readonly words: string; readonly isSuppressed: boolean } {
  const isSuppressed = bounce.recipients.some(({ suppressed }) => suppressed)
  const effect = bounce.recipients.find(({ effect: one }) => one !== 'none')?.effect
  if (isSuppressed) return { words: 'suppressed', isSuppressed }
  return { words: effect ?? 'nothing', isSuppressed }
}
