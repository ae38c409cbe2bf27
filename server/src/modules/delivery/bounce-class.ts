import type { SmtpReply } from '../../platform/smtp/client/index.ts'

/** Who is to blame for a refusal (design: bounces are classified; only permanent recipient-class codes suppress). */
export type BounceClass =
  | 'recipient'
  | 'mailbox'
  | 'policy'
  | 'reputation'
  | 'content'
  | 'infrastructure'
  | 'protocol'

/** RFC 3463 status details of the IANA registry (RFC 5248), by subject and detail. */
const BY_STATUS: Readonly<Record<string, BounceClass>> = {
  '1.1': 'recipient',
  '1.2': 'recipient',
  '1.3': 'recipient',
  '1.6': 'recipient',
  '1.10': 'recipient',
  '2.1': 'recipient',
  '2.2': 'mailbox',
  '2.3': 'content',
  '3.4': 'content',
  '4.4': 'infrastructure',
  '5.3': 'protocol',
}
const BY_SUBJECT: Readonly<Record<string, BounceClass>> = {
  '0': 'infrastructure',
  '1': 'protocol',
  '2': 'mailbox',
  '3': 'infrastructure',
  '4': 'infrastructure',
  '5': 'protocol',
  '6': 'content',
  '7': 'policy',
}
const NO_SUCH_MAILBOX =
  /\b(?:no such|unknown|invalid|non-?existent)\b.{0,20}\b(?:user|recipient|mailbox|address|account)\b|\b(?:user|recipient|mailbox|address|account)\b.{0,40}\b(?:unknown|not (?:found|known|exist)|does(?: not|n't) (?:exist|have an?)|disabled|no longer)\b/i
/** About the sender, although the code may blame the recipient. "Not listed in the directory" (Domino) is about the recipient. */
const REPUTATION =
  /\b(?:reputation|block ?list(?:ed)?|black ?list(?:ed)?|(?<!not )listed (?:at|by|in|on)|spamhaus|barracuda|poor|abuse)\b/i
/** Gmail's 550 5.2.1 "is receiving mail at a rate that …": the mailbox is well. */
const RATE = /\b(?:at a rate|too (?:quickly|many)|rate limit)/i
const SENDER = /\b(?:sender|return[- ]path|mail from)\b/i

/**
 * The class of a refusal. The enhanced code decides; a text that speaks of reputation overrides a recipient code, because real
 * users have landed on suppression lists through 550 5.1.1 answers that were about the sender (postal#1153).
 */
export function classify(reply: SmtpReply, stage: string): BounceClass {
  if (REPUTATION.test(reply.text)) return 'reputation'
  // A reply to MAIL judges the sender, whatever its code says.
  const ofRecipient = stage !== 'mail' && !SENDER.test(reply.text)
  const [, subject, detail] = reply.enhanced?.split('.') ?? []
  if (subject !== undefined && detail !== undefined) {
    const found = BY_STATUS[`${subject}.${detail}`] ?? BY_SUBJECT[subject] ?? 'policy'
    if (found !== 'recipient') return found
    if (RATE.test(reply.text)) return 'mailbox'
    return ofRecipient ? 'recipient' : 'policy'
  }
  if (ofRecipient && NO_SUCH_MAILBOX.test(reply.text)) return 'recipient'
  if (reply.code === 552) return 'mailbox'
  if (reply.code >= 500 && reply.code < 506) return 'protocol'
  return 'policy'
}
