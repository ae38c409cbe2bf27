import type { WireContent } from './content.ts'
import { toReply } from './reply-parser.ts'
import type { TranscriptLines } from './transcript.ts'
import type { SmtpOutcome, SmtpReply, SmtpTransactionStage } from './types.ts'
import type { PipelineEnd, PipelineStage } from './wire.ts'

/** One transaction on its way. With one recipient, as nearly always, nothing here is allocated per recipient. */
export interface Slot<T> {
  readonly job: T
  readonly mail: string
  /** One line for each recipient that is not refused locally. */
  readonly rcpt: string
  readonly content: WireContent
  /** Recipients of the job. */
  readonly count: number
  /** By recipient, null where it is not refused; null as a whole while nobody is. */
  refusals: (SmtpOutcome | null)[] | null
  /** The recipient whose reply is awaited. */
  answering: number
  accepted: number
  /** Where the next line of `rcpt` begins; counts without PIPELINING only. */
  rcptAt: number
  startedAt: number
  mailAccepted: boolean
  /** A refusal of MAIL or DATA: of everyone who has none of his own. */
  rejection: SmtpOutcome | null
  finalDotWritten: boolean
  settled: boolean
  readonly lines: TranscriptLines | null
}

/** The outcome that a refusal means: 4yz defers, 5yz bounces. */
export function refusal(reply: SmtpReply, stage: SmtpTransactionStage): SmtpOutcome {
  return { kind: reply.code < 500 ? 'deferred' : 'bounced', reply, stage }
}

/** This client's own refusal, by what the peer announced. */
export function localRefusal(reply: SmtpReply, stage: SmtpTransactionStage): SmtpOutcome {
  return { kind: reply.code < 500 ? 'deferred' : 'bounced', reply, stage, local: true }
}

/** One outcome for each of `count` recipients: his own refusal, or else what became of the transaction. */
export function outcomesOf(
  count: number,
  refusals: readonly (SmtpOutcome | null)[] | null,
  rest: SmtpOutcome,
): readonly SmtpOutcome[] {
  if (refusals !== null) return refusals.map((own) => own ?? rest)
  return count === 1 ? [rest] : Array.from({ length: count }, () => rest)
}

/** The reply to one RCPT is a refusal. Only the recipient whose turn it is has it. */
export function refuseRecipient<T>(slot: Slot<T>, code: number, raw: string): void {
  const reply = toReply(code, raw)
  slot.refusals ??= Array.from({ length: slot.count }, () => null)
  slot.refusals[slot.answering] =
    slot.accepted > 0 && saysTooMany(reply)
      ? { kind: 'deferred', reply, stage: 'rcpt', split: true }
      : refusal(reply, 'rcpt')
}

/**
 * RFC 5321 §4.5.3.1.10: 452 is the code for too many recipients, and 552 must be taken for it, since older servers use it.
 * RFC 3463 has x.5.3 for it. A 552 whose enhanced code speaks of the mailbox is what it says.
 */
function saysTooMany({ code, enhanced }: SmtpReply): boolean {
  if (enhanced?.endsWith('.5.3')) return true
  if (code === 452) return enhanced === undefined || !enhanced.startsWith('4.2.')
  return code === 552 && enhanced === undefined
}

/** Moves to the next recipient whose RCPT was sent; false where there is none. */
export function nextRecipient<T>(slot: Slot<T>): boolean {
  do slot.answering++
  while (slot.answering < slot.count && slot.refusals?.[slot.answering]?.kind !== undefined)
  return slot.answering < slot.count
}

/** The next RCPT line, where they go out one by one. */
export function nextRcptLine<T>(slot: Slot<T>): string {
  const end = slot.rcpt.indexOf('\n', slot.rcptAt) + 1
  const line = slot.rcpt.slice(slot.rcptAt, end)
  slot.rcptAt = end
  return line
}

/** A transaction of which nothing was written yet. */
export function createSlot<T>(
  job: T,
  { mail, rcpt, content }: Pick<Slot<T>, 'mail' | 'rcpt' | 'content'>,
  refusals: (SmtpOutcome | null)[] | null,
  count: number,
  lines: TranscriptLines | null,
): Slot<T> {
  const slot: Slot<T> = {
    job,
    mail,
    rcpt,
    content,
    count,
    refusals,
    answering: -1,
    accepted: 0,
    rcptAt: 0,
    startedAt: 0,
    mailAccepted: false,
    rejection: null,
    finalDotWritten: false,
    settled: false,
    lines,
  }
  nextRecipient(slot)
  return slot
}

/**
 * What became of a transaction whose connection ended: the outcome of everyone who is not refused for himself. Refusals that may
 * belong to another command are dropped from the slot.
 */
export function fate<T>(
  slot: Slot<T>,
  end: PipelineEnd,
  at: { readonly stage: PipelineStage; readonly pipelining: boolean; readonly first: boolean },
): SmtpOutcome {
  // Where replies and commands may not match, no refusal is believed: a bounce is final, another try is not. From the final dot
  // on they do match: nothing was sent of it before every reply had been read.
  const lockstep = !at.pipelining || at.stage === 'content'
  if (!slot.finalDotWritten && (end.desynchronised || (end.timedOut && !lockstep))) disbelieve(slot)
  if (slot.finalDotWritten) return { kind: 'uncertain', cause: end.cause }
  if (slot.rejection !== null) return slot.rejection
  const { stage } = at
  const failedAt = stage === 'rcpt' || stage === 'data' ? stage : stage === 'content' ? 'data' : 'mail'
  const theirs = end.kind !== 'quit' && !end.desynchronised && !end.timedOut
  const stale = theirs && failedAt === 'mail' && (!at.first || end.reply?.code === 421)
  return {
    kind: 'unattempted',
    cause: end.cause,
    stage: failedAt,
    temporary: true,
    ...(end.reply === undefined ? {} : { reply: end.reply }),
    ...(stale ? { stale: true } : {}),
  }
}

/** Drops what the peer said of this transaction; what this client refused by itself stays. */
function disbelieve<T>(slot: Slot<T>): void {
  slot.rejection = null
  if (slot.refusals === null) return
  slot.refusals = slot.refusals.map((own) => (own !== null && 'local' in own && own.local ? own : null))
}
