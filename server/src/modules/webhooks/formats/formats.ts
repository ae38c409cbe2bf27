import { payloadText } from '../payload.ts'
import { CHECK_EVENT, TEST_EVENT, WEBHOOK_EVENTS, type WebhookEvent, type WebhookFormat } from '../webhook.ts'
import type { EventSource, NamedEvent, VendorFormat } from './event-source.ts'
import { mandrillFormat } from './mandrill.ts'
import { resendFormat } from './resend.ts'
import { sampleSources } from './samples.ts'
import { sendgridFormat } from './sendgrid.ts'

const VENDORS: Readonly<Record<Exclude<WebhookFormat, 'bulkhead'>, VendorFormat>> = {
  sendgrid: sendgridFormat,
  mandrill: mandrillFormat,
  resend: resendFormat,
}

/** What is posted to an endpoint, besides its signature. */
export interface Outgoing {
  readonly contentType: string
  readonly body: string
}

function vendorOf(format: WebhookFormat): VendorFormat | null {
  return format === 'bulkhead' ? null : VENDORS[format]
}

/** The vendor's names of what a format tells; empty of our own. */
export function namesOf(format: WebhookFormat): readonly string[] {
  const vendor = vendorOf(format)
  return vendor === null ? [] : Object.keys(vendor.events)
}

/** Those of our events that a format can tell, or of them those that may become one of `names`. In the order of ours. */
export function eventTypesOf(format: WebhookFormat, names?: readonly string[]): WebhookEvent[] {
  const vendor = vendorOf(format)
  if (vendor === null) return [...WEBHOOK_EVENTS]
  const told = new Set((names ?? namesOf(format)).flatMap((name) => vendor.events[name] ?? []))
  return WEBHOOK_EVENTS.filter((type) => told.has(type))
}

/** Until when the acceptance of a scheduled message is kept back, as a vendor tells of it when it goes out; null: it is told at once. */
export function toldFrom(
  format: WebhookFormat,
  event: { readonly type: string; readonly sendAt: Date | null },
): Date | null {
  const waits = event.type === 'message.accepted' && vendorOf(format)?.tellsAcceptanceWhenDue === true
  return waits ? event.sendAt : null
}

/**
 * The body of a delivery in the endpoint's format. Null where the vendor has no word for what happened, or the endpoint did not choose it.
 * `chosen` are the vendor's names; empty: all.
 */
export function outgoingOf(
  format: WebhookFormat,
  chosen: readonly string[],
  source: EventSource,
): Outgoing | null {
  const vendor = vendorOf(format)
  if (vendor === null) return { contentType: 'application/json', body: payloadText(source) }
  const { contentType } = vendor
  if (source.type === CHECK_EVENT) return { contentType, body: vendor.body([]) }
  const isTest = source.type === TEST_EVENT
  const told = isTest ? sampleSources(source).flatMap((sample) => vendor.tell(sample)) : vendor.tell(source)
  const wanted = isTest ? told : told.filter(({ name }) => chosen.length === 0 || chosen.includes(name))
  return wanted.length === 0 ? null : { contentType, body: vendor.body(oneOfEach(wanted, isTest)) }
}

/** A test shows each of the vendor's names once. */
function oneOfEach(events: readonly NamedEvent[], isTest: boolean): readonly NamedEvent[] {
  if (!isTest) return events
  return [...new Map(events.toReversed().map((event) => [event.name, event])).values()].toReversed()
}

/** Why nothing is sent where `outgoingOf` gives nothing. */
export function nothingSent(format: WebhookFormat): string {
  return `Nothing was sent: the format ${format} has no event for this, or the endpoint did not choose it.`
}
