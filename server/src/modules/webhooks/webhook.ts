import { z } from 'zod'
import { invalidField } from '../../kernel/faults.ts'
import { isPublicAddress } from '../../platform/dns/index.ts'
import { Instant } from '../../platform/http/listing.ts'

const WEBHOOK_EVENTS = [
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
  'containment.changed',
  'audit.recorded',
  'security.alert',
] as const

/** Something in the workspace was cut off, or is open again. */
export const CONTAINMENT_EVENT = 'containment.changed'

/** A record of the audit log. It goes only to endpoints that name it: one hears of it for every act. */
export const AUDIT_EVENT = 'audit.recorded'

/** Somebody changed who may send, who owns or who hears, or an attack was seen. Endpoints that are new are not told for 24 hours. */
export const SECURITY_EVENT = 'security.alert'

/** What `test` sends; it is not chosen in eventTypes and goes to every endpoint that asks for it. */
export const TEST_EVENT = 'webhook.test'

export const EventTypes = z
  .array(z.enum(WEBHOOK_EVENTS))
  .max(WEBHOOK_EVENTS.length)
  .describe(
    'Which events to send; an empty list means all but audit.recorded, which is sent where it is named.',
  )

export const Webhook = z.object({
  id: z.string(),
  url: z.string(),
  description: z.string().nullable(),
  eventTypes: z.array(z.string()),
  state: z.enum(['enabled', 'disabled']),
  disabledReason: z.string().nullable().describe('Why it was switched off.'),
  failingSince: Instant.nullable().describe('Since when no delivery has succeeded.'),
  previousSecretExpiresAt: Instant.nullable().describe(
    'Until when the secret before the last rotation signs as well.',
  ),
  createdAt: Instant,
  inertUntil: Instant.nullable().describe(
    'Until when it gets no security.alert, because it or its URL is new in an established workspace; other events it gets.',
  ),
})

export const WebhookWithSecret = Webhook.extend({
  secret: z.string().describe('The signing secret, `whsec_…` (Standard Webhooks). It is shown this once.'),
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
  createdAt: Instant,
  settledAt: Instant.nullable(),
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
  return url.href
}

function isPrivateHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '')
  if (host === 'localhost' || host.endsWith('.localhost')) return true
  // The URL parser has made every spelling of an IPv4 address (0x7f.1, 2130706433) a dotted quad.
  const isAddress = host.includes(':') || /^\d+\.\d+\.\d+\.\d+$/.test(host)
  return isAddress && !isPublicAddress(host)
}
