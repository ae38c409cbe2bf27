import { encodeId } from '../../kernel/ids.ts'
import type { Lane, RecipientState } from '../../kernel/lane.ts'
import type { LimitState } from '../quotas/index.ts'

/** How a recipient was named: in a header field, or only in the envelope of a submitted message. */
export const RECIPIENT_KINDS = ['to', 'cc', 'bcc', 'envelope'] as const
export type RecipientKind = (typeof RECIPIENT_KINDS)[number]

export const RECIPIENTS_MAX = 1_000

/** Reasons of suppressions that a message may bypass. */
export const BYPASSES = ['unsubscribe', 'topic', 'hard_bounce', 'complaint', 'manual'] as const
export type SuppressedBy = (typeof BYPASSES)[number]

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

/** What a submitter wants to hear (RFC 3461 §4.1). NEVER stands alone. */
export type DsnNotify = 'NEVER' | 'SUCCESS' | 'FAILURE' | 'DELAY'

/** The DSN options of a submission (RFC 3461), as they are passed on to the next server. */
export interface MessageDsn {
  readonly ret?: 'FULL' | 'HDRS'
  /** As xtext. */
  readonly envid?: string
  /** By the number of the recipient; who gave no options is not in it. `orcpt`: type and address, the address as xtext. */
  readonly recipients?: Readonly<
    Record<string, { readonly notify?: readonly DsnNotify[]; readonly orcpt?: string }>
  >
}

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
  /** The message goes only to servers that keep it inside TLS (REQUIRETLS, RFC 8689). */
  readonly requireTls?: true
  /** It goes only to servers that take it in TLS, because its domain says so. */
  readonly tlsRequired?: true
  /** What of it is tracked. */
  readonly tracking?: { readonly opens?: true; readonly clicks?: true }
  readonly dsn?: MessageDsn
  /** What it was rendered from: UUID of the template, its alias then, and which version. */
  readonly template?: { readonly id: string; readonly alias?: string; readonly version: number }
  /** UUID of the message whose content is sent again with this one. */
  readonly resentFrom?: string
  /** UUID of its topic. */
  readonly topic?: string
  /** UUID of the broadcast that it is the mail of. */
  readonly broadcast?: string
  readonly bypass?: readonly SuppressedBy[]
  /** UUID. */
  readonly batch?: string
  readonly subaccount?: { readonly id: string; readonly name: string }
  /** UUID of the first message of the request that sent this one along with others. */
  readonly requestId?: string
}

/**
 * The tag of messages that were rendered from a template: they are found and counted by it like by any tag. It is ours and not shown with
 * the tags of the sender.
 */
export function templateTag(templateId: string): string {
  return `template:${encodeId('template', templateId)}`
}

/** The tag of messages of a topic. */
export function topicTag(topicId: string): string {
  return `topic:${encodeId('topic', topicId)}`
}

/** The tag of messages of a batch. */
export function batchTag(batchId: string): string {
  return `batch:${encodeId('batch', batchId)}`
}

/** The tag of messages of a subaccount. */
export function subaccountTag(subaccountId: string): string {
  return `subaccount:${encodeId('subaccount', subaccountId)}`
}

/** The tag of messages of a broadcast. */
export function broadcastTag(broadcastId: string): string {
  return `broadcast:${encodeId('broadcast', broadcastId)}`
}

/** What acceptance needs to know of a subaccount. */
export interface Subaccount {
  /** UUID. */
  readonly id: string
  /** Recipients an hour; null: it has no limit of its own. */
  readonly hourlyQuota: number | null
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
  /** `dsn`: a report that Bulkhead makes for a submitter; `resend`: an earlier message once more. */
  readonly source: 'api' | 'batch' | 'mime' | 'smtp' | 'dsn' | 'resend'
  readonly sensitive: boolean
  readonly fromDomain: string
  readonly tags: readonly string[]
  readonly sendAt: Date | undefined
  readonly expiresAt: Date
  readonly actor: string
  readonly summary: MessageSummary
  readonly raw: Buffer
  readonly recipients: readonly PreparedRecipient[]
  /** UUID of the topic whose leavers get nothing of it. */
  readonly topicId?: string | undefined
  /** Suppressions for these reasons do not stop it. */
  readonly bypass?: readonly SuppressedBy[] | undefined
  readonly subaccount?: Subaccount | undefined
  readonly idempotency: { readonly keyHash: Buffer; readonly bodyHash: Buffer } | undefined
}

export interface AcceptedMessage {
  readonly id: string
  /** False where an earlier request with the same idempotency key had been accepted; `id` is that message then. */
  readonly fresh: boolean
  /** UUID that the messages of one request share; that of the message where it was alone. */
  readonly requestId: string
  /** The limits it is under, as it left them. */
  readonly limits: readonly LimitState[]
  readonly recipients: readonly {
    readonly number: number
    readonly email: string
    readonly state: RecipientState
    /** Why it is suppressed. */
    readonly reason?: SuppressedBy
  }[]
}
