import { CHOICES, type Webhook } from '@bulkhead/sdk'
import { EVENT_TYPES, type EventType } from './event-words.ts'

/** In whose words an endpoint is told, as the server lists them. */
export const FORMATS = CHOICES['webhooks.create'].format
export type Format = Webhook['format']

export const FORMAT_NAMES: Readonly<Record<Format, string>> = {
  bulkhead: 'Bulkhead',
  sendgrid: 'SendGrid',
  mandrill: 'Mandrill',
  resend: 'Resend',
}

/** What a receiver gets, and how it knows whose it is. */
export const FORMAT_WORDS: Readonly<Record<Format, string>> = {
  bulkhead: 'One JSON object for each event, signed after Standard Webhooks.',
  sendgrid: 'A JSON array as SendGrid’s Event Webhook sends it, signed with a key pair.',
  mandrill: 'A form with mandrill_events, signed with an authentication key.',
  resend: 'One JSON object as Resend sends it, signed with svix- headers.',
}

/** Vendors tell of messages only, and have no word for these. */
const UNTOLD: ReadonlySet<EventType> = new Set<EventType>([
  'message.held',
  'message.released',
  'message.cancelled',
  'message.resent',
  'containment.changed',
  'audit.recorded',
  'security.alert',
])

/** Events that can be told in a format. */
export function eventTypesOf(format: Format): readonly EventType[] {
  if (format === 'bulkhead') return EVENT_TYPES
  return EVENT_TYPES.filter(
    (type) => !UNTOLD.has(type) && !(format === 'resend' && type === 'message.unsubscribed'),
  )
}

/** A change between these keeps the secret; any other makes one that nobody has seen. */
export function haveSameSecrets(one: Format, other: Format): boolean {
  const isShared = (format: Format): boolean => format === 'bulkhead' || format === 'resend'
  return one === other || (isShared(one) && isShared(other))
}

/** Which events an endpoint is told, in words. */
export function toldInWords({ format, eventTypes, formatEvents }: Webhook): string {
  if (formatEvents.length > 0) return formatEvents.join(', ')
  if (format === 'bulkhead') return eventTypes.length === 0 ? 'all but audit.recorded' : eventTypes.join(', ')
  return isAll(format, eventTypes) ? `all that ${FORMAT_NAMES[format]} has a word for` : eventTypes.join(', ')
}

/** Whether an endpoint is told everything that its format can tell. */
export function isAll(format: Format, eventTypes: readonly string[]): boolean {
  return (
    eventTypes.length === 0 ||
    (format !== 'bulkhead' && eventTypesOf(format).every((type) => eventTypes.includes(type)))
  )
}
