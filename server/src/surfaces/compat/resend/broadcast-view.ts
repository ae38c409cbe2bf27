import type { BroadcastDetailView, BroadcastView } from '../../../modules/broadcasts/index.ts'
import { uuidOf } from './ids.ts'
import { mailboxText } from './mailbox-text.ts'

/** By the vendor's names; what fails there has none. */
const STATUS: Readonly<Record<BroadcastView['state'], string>> = {
  draft: 'draft',
  scheduled: 'scheduled',
  queued: 'queued',
  sending: 'queued',
  sent: 'sent',
  cancelled: 'canceled',
  failed: 'failed',
}

/** A broadcast in a list. */
export function presentBroadcastItem(broadcast: BroadcastView) {
  const segmentId = uuidOf('list', broadcast.listId)
  return {
    id: uuidOf('broadcast', broadcast.id),
    name: broadcast.name,
    audience_id: segmentId,
    segment_id: segmentId,
    status: STATUS[broadcast.state],
    created_at: broadcast.createdAt,
    scheduled_at: broadcast.scheduledAt,
    sent_at: broadcast.state === 'sent' ? broadcast.finishedAt : null,
    topic_id: broadcast.topicId === null ? null : uuidOf('topic', broadcast.topicId),
  }
}

export function presentBroadcast(broadcast: BroadcastDetailView) {
  return {
    object: 'broadcast',
    ...presentBroadcastItem(broadcast),
    from: mailboxText(broadcast.from),
    subject: broadcast.subject,
    reply_to: broadcast.replyTo.length === 0 ? null : broadcast.replyTo.map(mailboxText),
    preview_text: broadcast.previewText,
    html: broadcast.html,
    text: broadcast.text,
  }
}
