import { z } from 'zod'
import { RECIPIENT_STATES } from '../../kernel/lane.ts'
import { BYPASSES, RECIPIENT_KINDS } from './message.ts'

export const Accepted = z
  .object({
    id: z.string(),
    requestId: z
      .string()
      .describe(
        'The same for all messages of one atomic batch: the id of its first. Else that of the message.',
      ),
    recipients: z.array(
      z.object({
        number: z.int(),
        email: z.string(),
        state: z.enum(RECIPIENT_STATES),
        reason: z.enum(BYPASSES).optional().describe('Why it is suppressed.'),
      }),
    ),
  })
  .meta({ id: 'AcceptedMessage' })

export const TimelineEntry = z
  .object({
    id: z.string(),
    type: z
      .string()
      .describe(
        'message.accepted, .deferred, .delivered, .bounced, .expired, .suppressed, .cancelled, .uncertain, …',
      ),
    at: z.iso.datetime(),
    recipient: z.int().nullable().describe('Number of the recipient; null where it concerns the message.'),
    detail: z.record(z.string(), z.unknown()).describe('Reply, host, TLS, duration, next attempt.'),
  })
  .meta({ id: 'TimelineEntry' })

export const RecipientView = z
  .object({
    number: z.int(),
    kind: z.enum(RECIPIENT_KINDS),
    email: z.string(),
    state: z.enum(RECIPIENT_STATES),
    attempts: z.int(),
    nextAttemptAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Recipient' })

export const MessageSummaryView = z
  .object({
    id: z.string(),
    lane: z.string(),
    source: z.string(),
    sensitive: z.boolean(),
    from: z.object({ email: z.string(), name: z.string().optional() }).nullable(),
    to: z.array(z.string()),
    subject: z.string().nullable(),
    tags: z.array(z.string()),
    template: z
      .object({ id: z.string(), version: z.int() })
      .nullable()
      .describe('What it was rendered from.'),
    topic: z.string().nullable(),
    broadcast: z.string().nullable().describe('The broadcast that it is the mail of.'),
    batch: z.string().nullable(),
    subaccount: z.string().nullable().describe('Its name.'),
    requestId: z
      .string()
      .describe(
        'The same for all messages of one atomic batch: the id of its first. Else that of the message.',
      ),
    sizeBytes: z.int(),
    recipientCount: z.int(),
    states: z
      .partialRecord(z.enum(RECIPIENT_STATES), z.int())
      .describe('How many recipients are in which state.'),
    createdAt: z.iso.datetime(),
    sendAt: z.iso.datetime().nullable(),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'MessageSummary' })

export const MessageView = MessageSummaryView.extend({
  messageIdHeader: z.string().nullable(),
  metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  context: z
    .object({
      event: z.string().optional(),
      actorIp: z.string().optional(),
      accountRef: z.string().optional(),
    })
    .nullable(),
  bypass: z.array(z.enum(BYPASSES)).describe('Reasons of suppressions that do not stop it.'),
  resentFrom: z.string().nullable().describe('The message whose content this one sends again.'),
  resentAs: z
    .array(z.object({ id: z.string(), at: z.iso.datetime(), recipients: z.int() }))
    .describe('Messages that send the content of this one again, the oldest first.'),
  recipients: z.array(RecipientView),
  timeline: z.array(TimelineEntry),
}).meta({ id: 'Message' })

export const StreamedEvent = z
  .object({
    id: z.string(),
    type: z.string(),
    at: z.iso.datetime(),
    messageId: z.string(),
    recipient: z.int().nullable(),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Event' })
