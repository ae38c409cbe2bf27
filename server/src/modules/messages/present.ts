import { encodeId } from '../../kernel/ids.ts'
import type { MessageSummary } from './message.ts'
import type { MessageRow, RecipientRow, TimelineRow } from './message-store.ts'
import { isHiddenTag } from './tag.ts'
import type { ResentRow } from './resend-store.ts'

/** What a message was rendered from, as it is shown. */
function templateOf(summary: MessageSummary | undefined) {
  if (summary?.template === undefined) return null
  const { id, version } = summary.template
  return { id: encodeId('template', id), version }
}

/** A message in a list. A summary whose key is gone leaves what the columns say. */
function summaryOf(row: MessageRow, summary: MessageSummary | undefined) {
  return {
    id: encodeId('message', row.id),
    lane: row.lane,
    source: row.source,
    sensitive: row.sensitive,
    from: summary?.from ?? null,
    to: [...(summary?.to ?? [])],
    subject: summary?.subject ?? null,
    tags: row.tags.filter((tag) => !isHiddenTag(tag)),
    template: templateOf(summary),
    topic: summary?.topic === undefined ? null : encodeId('topic', summary.topic),
    broadcast: summary?.broadcast === undefined ? null : encodeId('broadcast', summary.broadcast),
    batch: summary?.batch === undefined ? null : encodeId('batch', summary.batch),
    subaccount: summary?.subaccount?.name ?? null,
    requestId: encodeId('message', summary?.requestId ?? row.id),
    sizeBytes: row.size_bytes,
    recipientCount: row.recipient_count,
    states: row.states,
    createdAt: row.created_at.toISOString(),
    sendAt: row.send_at?.toISOString() ?? null,
    expiresAt: row.expires_at.toISOString(),
  }
}

function page(
  rows: readonly MessageRow[],
  summaries: readonly (MessageSummary | undefined)[],
  more: boolean,
) {
  const data = rows.map((row, position) => summaryOf(row, summaries[position]))
  return { data, nextCursor: more ? (data.at(-1)?.id ?? null) : null }
}

export const presentSummary = { page } as const

/** A message whole: summary, recipients with their state, timeline. */
export function presentMessage(
  row: MessageRow,
  summary: MessageSummary | undefined,
  recipients: readonly (RecipientRow & { readonly email: string })[],
  timeline: readonly TimelineRow[],
  resends: readonly ResentRow[] = [],
) {
  return {
    ...summaryOf(row, summary),
    messageIdHeader: summary?.messageIdHeader ?? null,
    metadata: { ...summary?.metadata },
    context: summary?.context ?? null,
    bypass: [...(summary?.bypass ?? [])],
    resentFrom: summary?.resentFrom === undefined ? null : encodeId('message', summary.resentFrom),
    resentAs: resends.map(({ at, detail }) => ({
      id: String(detail['as']),
      at: at.toISOString(),
      recipients: Number(detail['recipients']),
    })),
    recipients: recipients.map((recipient) => ({
      number: recipient.number,
      kind: recipient.kind,
      email: recipient.email,
      state: recipient.state,
      attempts: recipient.attempts,
      nextAttemptAt: recipient.next_attempt_at?.toISOString() ?? null,
    })),
    timeline: timeline.map(presentEvent),
  }
}

export function presentEvent(row: TimelineRow) {
  return {
    id: encodeId('event', row.id),
    type: row.type,
    at: row.at.toISOString(),
    recipient: row.number,
    detail: row.detail,
  }
}
