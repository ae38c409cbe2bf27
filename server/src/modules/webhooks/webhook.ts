import { z } from 'zod'
import { invalidField } from '../../kernel/faults.ts'
import { isPublicAddress } from '../../platform/dns/index.ts'
import { Instant } from '../../platform/http/listing.ts'

export const WEBHOOK_EVENTS = [
  'message.accepted',
  'message.delivered',
  'message.deferred',
  'message.bounced',
  'message.expired',
  'message.suppressed',
  'message.cancelled',
  'message.uncertain',
  'message.held',
  'message.released',
  'message.returned',
  'message.complained',
  'message.opened',
  'message.clicked',
  'message.unsubscribed',
  'message.resent',
  'containment.changed',
  'audit.recorded',
  'security.alert',
] as const
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number]

/** In whose words events are told: ours, or those of a vendor whose receivers are already there. */
export const WEBHOOK_FORMATS = ['bulkhead', 'sendgrid', 'mandrill', 'resend'] as const
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number]

/** Something in the workspace was cut off, or is open again. */
export const CONTAINMENT_EVENT = 'containment.changed'

/** A record of the audit log. It goes only to endpoints that name it: one hears of it for every act. */
export const AUDIT_EVENT = 'audit.recorded'

/** Somebody changed who may send, who owns or who hears, or an attack was seen. Endpoints that are new are not told for 24 hours. */
export const SECURITY_EVENT = 'security.alert'

/** What `test` sends; it is not chosen in eventTypes and goes to every endpoint that asks for it. */
export const TEST_EVENT = 'webhook.test'

/** What asks a new endpoint of a vendor's format, which does so too, whether it is there: a request without events. */
export const CHECK_EVENT = 'webhook.check'

/** What deliveries can be of: events and tests. */
export const DELIVERY_TYPES = [...WEBHOOK_EVENTS, TEST_EVENT, CHECK_EVENT] as const

export const EventTypes = z
  .array(z.enum(WEBHOOK_EVENTS))
  .max(WEBHOOK_EVENTS.length)
  .describe(
    'Which events to send; an empty list means all but audit.recorded, which is sent where it is named.',
  )

export const FormatEvents = z
  .array(z.string().min(1).max(40))
  .min(1)
  .max(20)
  .describe(
    "Of a vendor's format: which of the vendor's events to send, by its names, instead of eventTypes, which follow from them.",
  )

export const Signing = z
  .boolean()
  .describe('Whether requests are signed. Only the format sendgrid may go without, as there; default true.')

export const Webhook = z.object({
  id: z.string(),
  url: z.string(),
  description: z.string().nullable(),
  format: z
    .enum(WEBHOOK_FORMATS)
    .describe('In whose words events are told, and by whose way they are signed.'),
  signing: z.boolean(),
  eventTypes: z
    .array(z.string())
    .describe("Empty: all but audit.recorded. Of a vendor's format those that can be told in it."),
  formatEvents: z
    .array(z.string())
    .describe("Of a vendor's format: the names that are sent. Empty: all that eventTypes give."),
  state: z.enum(['enabled', 'disabled']),
  disabledReason: z.string().nullable().describe('Why it was switched off.'),
  failingSince: Instant.nullable().describe('Since when no delivery has succeeded.'),
  previousSecretExpiresAt: Instant.nullable().describe(
    'Until when the secret before the last rotation signs as well.',
  ),
  createdAt: Instant,
  updatedAt: Instant.describe('When its settings were changed last.'),
  inertUntil: Instant.nullable().describe(
    'Until when it gets no security.alert, because it or its URL is new in an established workspace; other events it gets.',
  ),
})

export const WebhookWithSecret = Webhook.extend({
  secret: z
    .string()
    .nullable()
    .describe(
      'The signing secret, shown this once: `whsec_…` (Standard Webhooks), or the authentication key of the format mandrill. Null of the format sendgrid, whose receivers need the public key only.',
    ),
  publicKey: z
    .string()
    .nullable()
    .describe('Of the format sendgrid: what signatures are verified with, in base64 (SPKI).'),
})

export const WebhookVerification = z.object({
  format: z.enum(WEBHOOK_FORMATS),
  signing: z.boolean(),
  algorithm: z.enum(['hmac-sha256', 'hmac-sha1', 'ecdsa-p256-sha256']),
  headers: z.array(z.string()).describe('The headers of a request that the signature is verified with.'),
  publicKey: z
    .string()
    .nullable()
    .describe(
      'Of the format sendgrid, in base64 (SPKI). The secrets of the others are shown where they are made, and nowhere else.',
    ),
})

export const WebhookDelivery = z.object({
  id: z.string().describe('Sent as the header webhook-id; the same for every try and replay.'),
  cursor: z.string().describe('Give it as cursor to get what was committed after this one.'),
  sequence: z.int(),
  eventId: z.string(),
  type: z.string(),
  messageId: z.string().nullable(),
  recipient: z.int().nullable().describe('Number of the recipient in the message.'),
  state: z.enum(['pending', 'delivered', 'failed']),
  attempts: z.int(),
  nextAttemptAt: Instant.nullable(),
  lastStatus: z.int().nullable().describe('HTTP status of the last try.'),
  lastError: z.string().nullable(),
  durationMs: z.int().nullable().describe('How long the last try took, in milliseconds.'),
  createdAt: Instant,
  settledAt: Instant.nullable(),
})

export const WebhookDeliveryDetail = WebhookDelivery.extend({
  body: z
    .string()
    .nullable()
    .describe(
      'What is sent, as it would be now. Null where whoever asks may not see it, or where it is no more.',
    ),
  bodyProblem: z.string().nullable().describe('Why there is no body.'),
  answer: z
    .string()
    .nullable()
    .describe(
      'The begin of what the endpoint answered last, at most 2 KiB. Kept of events of messages that are not sensitive, and of tests; in production never of a private address.',
    ),
})

export const WebhookStatistics = z.object({
  since: Instant,
  binSeconds: z.int(),
  isWhole: z.boolean().describe('False: only the newest 100,000 deliveries were counted.'),
  delivered: z.int(),
  failed: z.int(),
  pending: z.int(),
  data: z
    .array(
      z.object({
        at: Instant,
        delivered: z.int(),
        failed: z.int(),
        pending: z.int(),
        medianMs: z.number().nullable().describe('Of the last tries.'),
      }),
    )
    .describe('One entry for each bin, the oldest first, by the time of the event. Empty bins too.'),
})

export const ReplayedWebhooks = z.object({
  replayed: z.int().describe('Deliveries that wait again.'),
  left: z.int().describe('Failed ones that are still to come, counted to 10,000.'),
  until: Instant.describe('Give it with the next request: what failed after this time is not taken.'),
})

const URL_MAX = 2048

/**
 * The URL of an endpoint in its canonical form. Throws `invalid_request`: https is needed unless private targets are allowed, no
 * user name or password (they would be logged), no fragment, no private address. A name is checked each time it is connected to.
 */
export function endpointUrl(text: string, allowPrivateTargets: boolean): string {
  const url = text.length <= URL_MAX ? URL.parse(text) : null
  if (url === null)
    throw invalidField(
      'url',
      `is not a URL of at most ${URL_MAX} characters`,
      'Write https://example.com/path.',
    )
  if (url.protocol !== 'https:' && !(allowPrivateTargets && url.protocol === 'http:')) {
    throw invalidField(
      'url',
      'must begin with https://',
      'Events hold addresses of people; they travel encrypted only.',
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw invalidField('url', 'holds a user name or password', 'Verify the signature instead.')
  }
  if (!allowPrivateTargets && isPrivateHost(url.hostname)) {
    throw invalidField('url', 'leads to a private address', 'Use an address of the public internet.')
  }
  url.hash = ''
  // Vendors' signatures cover the URL as it was written, and its owner may have written no slash behind the host.
  const isBare = url.pathname === '/' && url.search === '' && !text.trim().endsWith('/')
  return isBare ? url.origin : url.href
}

function isPrivateHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '')
  if (host === 'localhost' || host.endsWith('.localhost')) return true
  // The URL parser has made every spelling of an IPv4 address (0x7f.1, 2130706433) a dotted quad.
  const isAddress = host.includes(':') || /^\d+\.\d+\.\d+\.\d+$/.test(host)
  return isAddress && !isPublicAddress(host)
}
