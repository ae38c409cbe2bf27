import { fieldOf, fieldsOf, readFields, type TextField } from '../../platform/mime/index.ts'
import { addressesOf } from './delivery-status.ts'
import { FEEDBACK_TYPES, reportedName, type FeedbackType } from './report.ts'

export interface Feedback {
  readonly feedbackType: FeedbackType
  readonly writtenType: string
  readonly addresses: readonly string[]
  readonly reporter: string | null
  /** `Original-Mail-From`: the reverse-path that the complaint is about. */
  readonly mailFrom: string | null
}

const ADDRESSES_MAX = 20

/** A feedback report (RFC 5965 §3). Unknown types count as `other` (§3.5); a report without a type is a complaint. */
export function readFeedback(body: Buffer): Feedback {
  const part = { fields: readFields(body) }
  const written = (fieldOf(part, 'feedback-type') ?? 'abuse')
    .toLowerCase()
    .replaceAll(/[^a-z-]/g, '')
    .slice(0, 60)
  return {
    feedbackType: typeOf(written),
    writtenType: written,
    addresses: ['original-rcpt-to', 'removal-recipient']
      .flatMap((name) => fieldsOf(part, name))
      .flatMap(addressesOf)
      .slice(0, ADDRESSES_MAX),
    reporter: reportedName(fieldOf(part, 'user-agent')) ?? reportedName(fieldOf(part, 'reporting-mta')),
    mailFrom: fieldOf(part, 'original-mail-from'),
  }
}

function typeOf(written: string): FeedbackType {
  // Names that were used before, or beside, the registry.
  if (written === 'opt-out-list' || written === 'unsubscribe') return 'opt-out'
  if (written === 'complaint' || written === 'spam' || written === 'junk') return 'abuse'
  if (written === 'phishing') return 'fraud'
  return FEEDBACK_TYPES.find((type) => type === written) ?? 'other'
}

/** Who complained, in a message that a provider sends back as it is: the headers that name the mailbox. */
export function complainantsIn(fields: readonly TextField[]): readonly string[] {
  return ['x-hmxmroriginalrecipient', 'x-original-recipient', 'x-original-to', 'delivered-to']
    .flatMap((name) => fieldsOf({ fields }, name))
    .flatMap(addressesOf)
    .slice(0, ADDRESSES_MAX)
}
