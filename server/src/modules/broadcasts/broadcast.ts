import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'
import type { SealedPlace } from '../../platform/sealing/index.ts'
import { AddressInput } from '../messages/index.ts'
import { DialectInput, Source } from '../templates/index.ts'

export const BROADCAST_STATES = [
  'draft',
  'scheduled',
  'queued',
  'sending',
  'sent',
  'cancelled',
  'failed',
] as const
export type BroadcastState = (typeof BROADCAST_STATES)[number]

export const BROADCAST_ACTS = [
  'change',
  'send',
  'begin',
  'freeze',
  'finish',
  'cancel',
  'unschedule',
  'fail',
  'delete',
] as const
export type BroadcastAct = (typeof BROADCAST_ACTS)[number]

/** The total state machine; null: refused. `gone`: the broadcast is no more. */
export const BROADCAST_MOVES: Readonly<
  Record<BroadcastState, Readonly<Record<BroadcastAct, BroadcastState | 'gone' | null>>>
> = {
  draft: moves({ change: 'draft', send: 'scheduled', delete: 'gone' }),
  scheduled: moves({ begin: 'queued', cancel: 'cancelled', unschedule: 'draft', fail: 'failed' }),
  queued: moves({ freeze: 'sending', cancel: 'cancelled', fail: 'failed' }),
  sending: moves({ finish: 'sent', cancel: 'cancelled', fail: 'failed' }),
  sent: moves({}),
  cancelled: moves({ delete: 'gone' }),
  failed: moves({}),
}

function moves(
  allowed: Partial<Record<BroadcastAct, BroadcastState | 'gone'>>,
): Record<BroadcastAct, BroadcastState | 'gone' | null> {
  return {
    change: null,
    send: null,
    begin: null,
    freeze: null,
    finish: null,
    cancel: null,
    unschedule: null,
    fail: null,
    delete: null,
    ...allowed,
  }
}

/** The states in which an act is allowed. */
export function statesFor(act: BroadcastAct): BroadcastState[] {
  return BROADCAST_STATES.filter((state) => BROADCAST_MOVES[state][act] !== null)
}

/** What became of a member of the audience. `pending` is the only one that is not the last. */
export const RECIPIENT_STATES = ['pending', 'sent', 'skipped', 'suppressed', 'failed', 'cancelled'] as const
export type RecipientState = (typeof RECIPIENT_STATES)[number]
export type LastState = Exclude<RecipientState, 'pending'>

/** Further ahead, what a draft says is old news. */
export const SCHEDULE_DAYS_MAX = 365
/** A broadcast that could not go on for so long is news to nobody. */
export const LIFETIME_DAYS = 14

export const BroadcastName = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .describe('For people; recipients do not see it.')
export const Subject = z.string().max(2_000)
export const PreviewText = z.string().max(500).describe('What inboxes show beside the subject.')
export const ReplyTo = z.array(AddressInput).max(20)
export const TopicRef = z.string().max(100).describe('Who has left it gets nothing: top_… or "default".')

/** What of a draft can be said; all of it may contain the dialect's own marks but From and Reply-To. */
export const contentFields = {
  html: Source.describe('HTML. The link to unsubscribe is the value unsubscribe_url.'),
  text: Source,
}

const Address = z.object({ email: z.string(), name: z.string().optional() })

export const Progress = z
  .object({
    total: z.number().int().describe('Members of the audience, as far as it is frozen.'),
    pending: z.number().int(),
    sent: z.number().int().describe('A message was accepted for them; what became of it is in the ledger.'),
    skipped: z.number().int().describe('Had unsubscribed, or left the topic.'),
    suppressed: z.number().int(),
    failed: z.number().int(),
    cancelled: z.number().int(),
  })
  .meta({ id: 'BroadcastProgress' })

export const Broadcast = z
  .object({
    id: z.string(),
    name: z.string(),
    listId: z.string(),
    topicId: z.string().nullable(),
    from: Address,
    replyTo: z.array(Address),
    subject: z.string(),
    previewText: z.string().nullable(),
    dialect: DialectInput,
    state: z
      .enum(BROADCAST_STATES)
      .describe('queued: the audience is being frozen. sent: every member has a last state.'),
    waitsFor: z
      .string()
      .nullable()
      .describe(
        'Why it does not go on at the moment: contained, limit, keyring, unavailable, sender_revoked.',
      ),
    problem: z.string().nullable().describe('Why it failed.'),
    progress: Progress,
    scheduledAt: Instant.nullable(),
    queuedAt: Instant.nullable(),
    finishedAt: Instant.nullable(),
    createdAt: Instant,
    updatedAt: Instant,
  })
  .meta({ id: 'Broadcast' })
export type BroadcastView = z.output<typeof Broadcast>

export const BroadcastDetail = Broadcast.extend({
  html: z.string().nullable(),
  text: z.string().nullable(),
}).meta({ id: 'BroadcastDetail' })
export type BroadcastDetailView = z.output<typeof BroadcastDetail>

export const BroadcastRecipient = z
  .object({
    contactId: z.string(),
    email: z.string().nullable().describe('Null where the contact is deleted.'),
    state: z.enum(RECIPIENT_STATES),
    reason: z.string().nullable().describe('Why, in a word, such as unsubscribed or hard_bounce.'),
    messageId: z.string().nullable(),
    at: Instant.describe('Since when it is in this state.'),
  })
  .meta({ id: 'BroadcastRecipient' })
export type BroadcastRecipientView = z.output<typeof BroadcastRecipient>

const StoredAddress = z.object({ email: z.string(), name: z.string().optional() })

/** What is sealed of a broadcast for lists. */
export const Head = z.object({
  name: z.string(),
  from: StoredAddress,
  replyTo: z.array(StoredAddress),
  subject: z.string(),
  previewText: z.string().nullable(),
})
export type Head = z.output<typeof Head>

export const Body = z.object({ html: z.string().nullable(), text: z.string().nullable() })
export type Body = z.output<typeof Body>

export function headPlace(workspaceId: string, broadcastId: string): SealedPlace {
  return { workspaceId, table: 'broadcast', column: 'sealed_head', rowId: broadcastId }
}

export function bodyPlace(workspaceId: string, broadcastId: string): SealedPlace {
  return { workspaceId, table: 'broadcast', column: 'sealed_body', rowId: broadcastId }
}
