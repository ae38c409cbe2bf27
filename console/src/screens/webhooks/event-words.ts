import { CHOICES } from '@bulkhead/sdk'

/** Events that an endpoint can ask for, as the server lists them. */
export const EVENT_TYPES = CHOICES['webhooks.create'].eventTypes
export type EventType = (typeof EVENT_TYPES)[number]

const WORDS: Readonly<Record<string, string>> = {
  'message.accepted': 'Bulkhead took a message in',
  'message.delivered': 'the server of the recipient took it',
  'message.deferred': 'it was put off; it is tried again',
  'message.bounced': 'the server of the recipient refused it for good',
  'message.expired': 'it could not be delivered in time',
  'message.suppressed': 'the address is on your suppression list',
  'message.cancelled': 'somebody cancelled it',
  'message.uncertain': 'a connection broke at the moment of delivery',
  'message.held': 'it was put on hold',
  'message.released': 'it goes on after a hold',
  'message.returned': 'it came back after the server had taken it',
  'message.complained': 'the recipient reported it as spam',
  'message.opened': 'a person opened it',
  'message.clicked': 'a person followed a link',
  'message.unsubscribed': 'the recipient unsubscribed',
  'message.resent': 'somebody sent it again',
  'containment.changed': 'something was cut off, or is open again',
  'audit.recorded': 'every record of the audit log; only where it is ticked',
  'security.alert': 'somebody changed who may send, or attacks an account',
  'webhook.test': 'a test that somebody asked for',
  'webhook.check': 'whether the new URL answers; without events',
}

/** What an event tells, in words; empty where the console has none yet. */
export function eventWords(type: string): string {
  return WORDS[type] ?? ''
}

/** The events of an endpoint as a list shows them. */
export function eventsInWords(types: readonly string[]): string {
  if (types.length === 0) return 'all events'
  return types.length <= 2 ? types.join(', ') : `${types.length} events`
}
