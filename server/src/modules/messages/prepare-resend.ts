import { encodeId } from '../../kernel/ids.ts'
import type { Lane } from '../../kernel/lane.ts'
import {
  checkSubmitted,
  findHeader,
  headerValue,
  withHeaders,
  withoutHeaders,
} from '../../platform/mime/index.ts'
import type { WorkspaceLinks } from '../tracking/index.ts'
import type { MessageSummary, PreparedMessage, PreparedRecipient } from './message.ts'
import { scheduleOf } from './prepare-message.ts'
import { claimedDomains, type PreparedMime } from './prepare-mime.ts'
import { claimedBy } from './sender-bounds.ts'

export interface ResendOptions {
  /** UUID of the new message. */
  readonly id: string
  readonly workspaceId: string
  readonly actor: string
  readonly now: Date
  readonly original: {
    readonly id: string
    readonly lane: Lane
    readonly tags: readonly string[]
    readonly summary: MessageSummary
    /** As it was accepted. */
    readonly raw: Buffer
  }
  readonly recipients: readonly PreparedRecipient[]
  /** Whether one of them has had it: a copy with the same Message-ID would be dropped there. */
  readonly isWantedTwice: boolean
  readonly idempotency: PreparedMessage['idempotency']
  readonly links: Pick<WorkspaceLinks, 'again'>
}

/**
 * The same content once more. The Message-ID stays, so that a receiver who has the message after all drops the second one, unless somebody is to
 * get it twice; Date and links become those of the new message. A message that its sender has signed himself stays byte for byte. Reports
 * that a submitter had asked for are not asked for again.
 */
export function prepareResend(options: ResendOptions): PreparedMime {
  const { id, original, recipients, now } = options
  const { dsn: _, resentFrom: __, requestId: ___, tracking, ...summary } = original.summary
  const submitted = checkSubmitted(original.raw)
  if (!submitted.ok) throw new Error(`a stored message is not well formed: ${submitted.problem}`)
  const { block, from } = submitted
  const header = (name: string) => {
    const field = findHeader(block, name)
    return field === undefined ? undefined : headerValue(original.raw, field)
  }
  const isSigned = header('dkim-signature') !== undefined
  const isRenamed = options.isWantedTwice && !isSigned
  const messageIdHeader = isRenamed ? `<${encodeId('message', id)}@${from.domain}>` : summary.messageIdHeader
  const renewed = new Set(isRenamed ? ['date', 'message-id'] : ['date'])
  const links = options.links.again(original.raw, {
    from: original.id,
    messageId: id,
    lane: original.lane,
    recipients: recipients.length,
    tracked: tracking,
    hasTopic: summary.topic !== undefined,
  })
  const raw = isSigned
    ? original.raw
    : withHeaders(
        withoutHeaders(links.raw, (name) => renewed.has(name)),
        [
          `Date: ${now.toUTCString().replace('GMT', '+0000')}`,
          ...(isRenamed ? [`Message-ID: ${messageIdHeader}`] : []),
        ],
      )
  return {
    message: {
      id,
      workspaceId: options.workspaceId,
      lane: original.lane,
      source: 'resend',
      sensitive: false,
      fromDomain: from.domain,
      tags: original.tags,
      ...scheduleOf({ sendAt: undefined, expiresAt: undefined }, original.lane, false, now),
      actor: options.actor,
      summary: {
        ...summary,
        messageIdHeader,
        resentFrom: original.id,
        ...(links.tracked === undefined ? {} : { tracking: links.tracked }),
      },
      raw,
      recipients,
      topicId: summary.topic,
      bypass: summary.bypass,
      ...(summary.subaccount === undefined
        ? {}
        : { subaccount: { id: summary.subaccount.id, hourlyQuota: null } }),
      idempotency: options.idempotency,
    },
    claimedDomains: claimedDomains(from, header('sender'), summary.envelopeFrom),
    claimedSenders: [
      { field: 'From', email: from.email },
      ...block.headers.flatMap((field) => claimedBy(field.name, headerValue(original.raw, field))),
    ],
  }
}
