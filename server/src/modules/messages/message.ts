import type { Lane, RecipientState } from '../../kernel/lane.ts'

/** How a recipient was named: in a header field, or only in the envelope of a submitted message. */
export const RECIPIENT_KINDS = ['to', 'cc', 'bcc', 'envelope'] as const
export type RecipientKind = (typeof RECIPIENT_KINDS)[number]

export const RECIPIENTS_MAX = 1_000
export const BATCH_MESSAGES_MAX = 1_000
/** Of the finished MIME message; also what submission announces as SIZE. */
export const MESSAGE_BYTES_MAX = 40 * 1024 * 1024
/** A schedule further ahead would outlive the retention of messages. */
export const SEND_AT_DAYS_MAX = 30

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** How long a message is tried: a code that arrives tomorrow helps nobody, a receipt does. Sensitive mail never lives longer than 4 h. */
export const LIFETIME_MS = {
  critical: { standard: 4 * HOUR_MS, max: 3 * DAY_MS },
  transactional: { standard: 3 * DAY_MS, max: 7 * DAY_MS },
  bulk: { standard: 3 * DAY_MS, max: 7 * DAY_MS },
  internal: { standard: 3 * DAY_MS, max: 7 * DAY_MS },
} as const satisfies Record<Lane, { standard: number; max: number }>
export const SENSITIVE_LIFETIME_MS_MAX = 4 * HOUR_MS

/** What the sealed summary of a message holds: all that lists and timelines show of it. */
export interface MessageSummary {
  readonly from: { readonly email: string; readonly name?: string }
  /** At most three of the visible recipients; all of them are recipient rows. */
  readonly to: readonly string[]
  readonly replyTo?: readonly string[]
  /** Absent for sensitive messages. */
  readonly subject?: string
  readonly metadata?: Readonly<Record<string, string | number | boolean>>
  readonly context?: { readonly event?: string; readonly actorIp?: string; readonly accountRef?: string }
  readonly messageIdHeader: string
  /** The reverse-path (RFC 5321 §3.6.3); empty for the null path. */
  readonly envelopeFrom: string
  /** The next hop needs 8BITMIME or SMTPUTF8. */
  readonly eightBit: boolean
  readonly smtputf8: boolean
}

export interface PreparedRecipient {
  readonly kind: RecipientKind
  /** As written; mail goes there. */
  readonly email: string
}

/** A message that passed every check and only has to be committed. */
export interface PreparedMessage {
  readonly id: string
  readonly workspaceId: string
  readonly lane: Lane
  readonly source: 'api' | 'batch' | 'mime' | 'smtp'
  readonly sensitive: boolean
  readonly fromDomain: string
  readonly tags: readonly string[]
  readonly sendAt: Date | undefined
  readonly expiresAt: Date
  readonly actor: string
  readonly summary: MessageSummary
  readonly raw: Buffer
  readonly recipients: readonly PreparedRecipient[]
  readonly idempotency: { readonly keyHash: Buffer; readonly bodyHash: Buffer } | undefined
}

export interface AcceptedMessage {
  readonly id: string
  /** False where an earlier request with the same idempotency key had been accepted; `id` is that message then. */
  readonly fresh: boolean
  readonly recipients: readonly {
    readonly number: number
    readonly email: string
    readonly state: RecipientState
  }[]
}
