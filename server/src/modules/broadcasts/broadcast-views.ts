import { encodeId } from '../../kernel/ids.ts'
import type { ContactFacts } from '../contacts/index.ts'
import { DialectInput } from '../templates/index.ts'
import { RECIPIENT_STATES } from './broadcast.ts'
import type { BroadcastDetailView, BroadcastRecipientView, BroadcastView, Head } from './broadcast.ts'
import type { Content } from './broadcast-content.ts'
import type { BroadcastRow, RecipientRow } from './broadcasts-store.ts'

export function presentBroadcast(row: BroadcastRow, head: Head): BroadcastView {
  const { total, sent, skipped, suppressed, failed, cancelled } = row
  return {
    id: encodeId('broadcast', row.id),
    name: head.name,
    listId: encodeId('list', row.list_id),
    topicId: row.topic_id === null ? null : encodeId('topic', row.topic_id),
    from: head.from,
    replyTo: head.replyTo,
    subject: head.subject,
    previewText: head.previewText,
    dialect: DialectInput.parse(row.dialect),
    state: row.state,
    waitsFor: row.waits_for,
    problem: row.problem,
    progress: {
      total,
      pending: total - sent - skipped - suppressed - failed - cancelled,
      sent,
      skipped,
      suppressed,
      failed,
      cancelled,
    },
    scheduledAt: row.scheduled_at?.toISOString() ?? null,
    queuedAt: row.queued_at?.toISOString() ?? null,
    finishedAt: row.finished_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}

export function presentDetail(row: BroadcastRow, { head, body }: Content): BroadcastDetailView {
  return { ...presentBroadcast(row, head), html: body.html, text: body.text }
}

export function presentRecipient(
  row: RecipientRow,
  contact: ContactFacts | undefined,
): BroadcastRecipientView {
  const state = RECIPIENT_STATES.find((known) => known === row.state)
  if (state === undefined) throw new Error(`a recipient is in the state ${row.state}`)
  return {
    contactId: encodeId('contact', row.contact_id),
    email: contact?.email ?? null,
    state,
    reason: row.reason,
    messageId: row.message_id === null ? null : encodeId('message', row.message_id),
    at: row.at.toISOString(),
  }
}
