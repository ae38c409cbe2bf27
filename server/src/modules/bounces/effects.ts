import { WHOLE_MESSAGE } from '../../security/references/index.ts'
import type { Finding, Findings, ReportKind } from './findings.ts'
import { withoutAddresses, type FeedbackType, type Report, type ReportedRecipient } from './report.ts'

/** A recipient of the message that a report can be about. */
export interface KnownRecipient {
  readonly number: number
  /** As the report writes its address, in every spelling; empty where it does not name it. */
  readonly addresses: readonly string[]
  /** Another server took the mail, or may have. */
  readonly handedOver: boolean
  /** Later events that it has: `type:class`. */
  readonly noted: readonly string[]
}

export type SuppressionReason = 'hard_bounce' | 'complaint' | 'unsubscribe'

export interface LaterEvent {
  /** Null: of the whole message. */
  readonly number: number | null
  readonly type: 'message.returned' | 'message.complained' | 'message.unsubscribed'
  readonly detail: Readonly<Record<string, unknown>>
}

/** An address to suppress: named by the report, or only known to us. */
export interface DueSuppression {
  readonly number: number
  readonly address: string | null
  readonly reason: SuppressionReason
  readonly evidence: Readonly<Record<string, unknown>>
}

export interface Effects {
  readonly kind: ReportKind
  readonly findings: Findings
  readonly events: readonly LaterEvent[]
  readonly suppressions: readonly DueSuppression[]
}

/** What a report is about: the return path that was proven, and the message behind it. */
export interface Subject {
  /** The recipient's number, or `WHOLE_MESSAGE`. */
  readonly number: number
  /** The installation's own mail and reports to submitters: nobody is suppressed because of them. */
  readonly internal: boolean
  readonly recipients: readonly KnownRecipient[]
  /** As the API shows it. */
  readonly reportId: string
}

const DIAGNOSTIC_CHARS = 500

const NOTES = {
  stranger:
    'the report is about an address that the message was not sent to, perhaps one that it was forwarded to',
  nobody: 'the report does not say whom it is about, and the message has several recipients',
  early: 'nobody had taken the mail for this recipient: the report cannot be true',
  again: 'the same was noted before',
  temporary: 'not for good: nothing is suppressed',
  blame: 'not the recipient’s fault: nothing is suppressed',
  internal: 'mail of the installation: nothing is suppressed',
  notice: 'no failure',
  praise: 'not a complaint',
} as const

/**
 * What follows from a report. Pure, and the only place that decides it. An event for what came back; a suppression only for what is
 * permanent and the recipient's own (design), and only where the report names the address or names nobody on a return path
 * of one recipient. What was never handed over cannot have come back.
 */
export function effectsOf(report: Report, subject: Subject): Effects {
  switch (report.kind) {
    case 'delivery':
      return deliveryEffects(report, subject)
    case 'complaint':
      return complaintEffects(report, subject)
    case 'auto_reply':
    case 'challenge':
    case 'receipt':
    case 'other':
      return { kind: report.kind, findings: findingsOf(report, []), events: [], suppressions: [] }
  }
}

function deliveryEffects(report: Extract<Report, { kind: 'delivery' }>, subject: Subject): Effects {
  const findings: Finding[] = []
  const events: LaterEvent[] = []
  const suppressions: DueSuppression[] = []
  const done = new Set<number>()
  const matches = report.recipients.map((reported) => ({
    reported,
    known: namedIn(subject, reported.addresses),
  }))
  const namesOurs = matches.some(({ known }) => known !== null)
  for (const { reported, known: named } of matches) {
    const base = findingOf(reported)
    // A free text without any address, on the return path of one recipient, is about that one.
    const silent =
      named === null && reported.addresses.length === 0 && !namesOurs ? ownRecipient(subject) : null
    const ours = named ?? silent
    // Of an address that we do not know, the return path still tells which mail came back.
    const about = ours ?? (namesOurs ? null : ownRecipient(subject))
    if (about === null) {
      findings.push({ ...base, note: reported.addresses.length === 0 ? NOTES.nobody : NOTES.stranger })
      continue
    }
    const { number } = about
    const finding = { ...base, number, named: named !== null }
    if (reported.action !== 'failed') {
      findings.push({ ...finding, note: NOTES.notice })
      continue
    }
    if (!about.handedOver) {
      findings.push({ ...finding, note: NOTES.early })
      continue
    }
    const type = 'message.returned'
    const isNew = !done.has(number) && !about.noted.includes(`${type}:${finding.class ?? ''}`)
    done.add(number)
    const detail = detailOf(finding, report, subject)
    if (isNew) events.push({ number, type, detail })
    const [suppress, note] = ours === null ? [false, NOTES.stranger] : maySuppress(finding, subject)
    if (suppress)
      suppressions.push({
        number,
        address: named?.addresses[0] ?? null,
        reason: 'hard_bounce',
        evidence: detail,
      })
    findings.push({
      ...finding,
      effect: isNew ? 'returned' : 'none',
      suppressed: suppress,
      note: note ?? (isNew ? null : NOTES.again),
    })
  }
  const failed = report.recipients.some((reported) => reported.action === 'failed')
  return { kind: failed ? 'bounce' : 'notice', findings: findingsOf(report, findings), events, suppressions }
}

function maySuppress(finding: Finding, subject: Subject): readonly [boolean, string | null] {
  if (finding.class !== 'recipient') return [false, NOTES.blame]
  if (!finding.permanent) return [false, NOTES.temporary]
  return subject.internal ? [false, NOTES.internal] : [true, null]
}

/** What each type of feedback becomes: RFC 5965 §7.3 and RFC 6650 §5. Only people's own word suppresses. */
const OF_FEEDBACK: Readonly<
  Record<
    FeedbackType,
    { readonly type: LaterEvent['type'] | null; readonly reason: SuppressionReason | null }
  >
> = {
  abuse: { type: 'message.complained', reason: 'complaint' },
  fraud: { type: 'message.complained', reason: 'complaint' },
  'opt-out': { type: 'message.unsubscribed', reason: 'unsubscribe' },
  virus: { type: 'message.complained', reason: null },
  other: { type: 'message.complained', reason: null },
  'not-spam': { type: null, reason: null },
  'auth-failure': { type: null, reason: null },
}

function complaintEffects(report: Extract<Report, { kind: 'complaint' }>, subject: Subject): Effects {
  const { type, reason } = OF_FEEDBACK[report.feedbackType]
  // Providers take the address of who complained out of the report: the return path tells it then.
  const named = namedIn(subject, report.addresses)
  const about = named ?? ownRecipient(subject)
  const base: Finding = {
    ...EMPTY_FINDING,
    number: about?.number ?? null,
    named: named !== null,
    reason: `a complaint of type ${report.feedbackType}`,
    rule: `feedback:${report.feedbackType}`,
  }
  const result = (
    finding: Finding,
    events: readonly LaterEvent[],
    suppressions: readonly DueSuppression[],
  ): Effects => ({
    kind: 'complaint',
    findings: findingsOf(report, [finding]),
    events,
    suppressions,
  })
  if (type === null) return result({ ...base, note: NOTES.praise }, [], [])
  if (about !== null && !about.handedOver) return result({ ...base, note: NOTES.early }, [], [])
  const isNew =
    about === null
      ? !subject.recipients.some((known) => known.noted.some((item) => item.startsWith(type)))
      : !about.noted.some((item) => item.startsWith(`${type}:`))
  const detail = {
    feedbackType: report.feedbackType,
    ...(report.reporter === null ? {} : { reporter: report.reporter }),
    report: subject.reportId,
  }
  const events = isNew ? [{ number: about?.number ?? null, type, detail }] : []
  const suppress = about !== null && reason !== null && !subject.internal
  const note =
    about === null
      ? NOTES.nobody
      : reason !== null && subject.internal
        ? NOTES.internal
        : isNew
          ? null
          : NOTES.again
  return result(
    {
      ...base,
      effect: !isNew ? 'none' : type === 'message.unsubscribed' ? 'unsubscribed' : 'complained',
      suppressed: suppress,
      note,
    },
    events,
    suppress
      ? [{ number: about.number, address: named?.addresses[0] ?? null, reason, evidence: detail }]
      : [],
  )
}

/** The recipient of the return path, where it is of one. */
function ownRecipient(subject: Subject): KnownRecipient | null {
  if (subject.number === WHOLE_MESSAGE) return null
  return subject.recipients.find((known) => known.number === subject.number) ?? null
}

/** The recipient that one of these addresses names. */
function namedIn(subject: Subject, addresses: readonly string[]): KnownRecipient | null {
  return (
    subject.recipients.find((known) => known.addresses.some((address) => addresses.includes(address))) ?? null
  )
}

const EMPTY_FINDING: Finding = {
  number: null,
  named: false,
  action: null,
  status: null,
  class: null,
  permanent: false,
  reason: null,
  rule: null,
  diagnostic: '',
  remoteMta: null,
  effect: 'none',
  suppressed: false,
  note: null,
}

function findingOf(reported: ReportedRecipient): Finding {
  const { classification } = reported
  return {
    ...EMPTY_FINDING,
    action: reported.action,
    status: reported.status,
    class: classification?.class ?? null,
    permanent: classification?.permanent ?? false,
    reason: classification?.reason ?? null,
    rule: classification?.rule ?? null,
    diagnostic: withoutAddresses(reported.diagnostic, reported.addresses, DIAGNOSTIC_CHARS),
    remoteMta: reported.remoteMta,
  }
}

/** What an event and an entry of the suppression list keep: nothing personal. */
function detailOf(
  finding: Finding,
  report: Extract<Report, { kind: 'delivery' }>,
  subject: Subject,
): Readonly<Record<string, unknown>> {
  return {
    class: finding.class,
    reason: finding.reason,
    rule: finding.rule,
    permanent: finding.permanent,
    ...(finding.status === null ? {} : { enhanced: finding.status }),
    ...(finding.diagnostic === '' ? {} : { reply: finding.diagnostic }),
    ...(finding.remoteMta === null ? {} : { host: finding.remoteMta }),
    ...(report.reportingMta === null ? {} : { reportedBy: report.reportingMta }),
    format: report.format,
    report: subject.reportId,
  }
}

function findingsOf(report: Report, recipients: readonly Finding[]): Findings {
  return {
    reportingMta: report.kind === 'delivery' ? report.reportingMta : null,
    feedbackType: report.kind === 'complaint' ? report.feedbackType : null,
    reporter: report.kind === 'complaint' ? report.reporter : null,
    truncated: report.truncated,
    recipients: [...recipients],
  }
}
