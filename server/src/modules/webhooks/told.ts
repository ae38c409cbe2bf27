import { invalidField } from '../../kernel/faults.ts'
import { eventTypesOf, namesOf } from './formats/formats.ts'
import type { WebhookFormat } from './webhook.ts'

/** Which events an endpoint is told: ours, and of a vendor's format by which of its names; none of those means all that ours give. */
export interface Told {
  readonly eventTypes: readonly string[]
  readonly formatEvents: readonly string[]
}

export interface Wanted {
  readonly eventTypes?: readonly string[] | undefined
  readonly formatEvents?: readonly string[] | undefined
}

/**
 * What an endpoint of a format is told. A vendor's format has a list that is never empty and holds messages only, so that no event that is new
 * among ours comes to a receiver that cannot read it. Throws `invalid_request` for what the format cannot tell.
 */
export function toldIn(format: WebhookFormat, wanted: Wanted): Told {
  const { eventTypes = [], formatEvents } = wanted
  if (formatEvents !== undefined) {
    requireNames(format, formatEvents, eventTypes)
    return { eventTypes: eventTypesOf(format, formatEvents), formatEvents: [...new Set(formatEvents)] }
  }
  if (format === 'bulkhead') return { eventTypes, formatEvents: [] }
  const possible = eventTypesOf(format)
  const strange = eventTypes.find((type) => !possible.some((item) => item === type))
  if (strange !== undefined)
    throw invalidField(
      'eventTypes',
      `the format ${format} has no event for ${strange}`,
      `Choose among ${possible.join(', ')}.`,
    )
  return { eventTypes: eventTypes.length === 0 ? possible : eventTypes, formatEvents: [] }
}

/** The same where an endpoint changes; null: it is told what it was. What another format cannot tell falls away with a change to it. */
export function toldAfter(
  now: Told & { readonly format: WebhookFormat },
  wanted: Wanted & { readonly format?: WebhookFormat | undefined },
): Told | null {
  const format = wanted.format ?? now.format
  const isNamed = wanted.eventTypes !== undefined || wanted.formatEvents !== undefined
  if (isNamed) return toldIn(format, wanted)
  if (format === now.format) return null
  const possible = eventTypesOf(format)
  const kept = now.eventTypes.filter((type) => possible.some((item) => item === type))
  return toldIn(format, { eventTypes: kept })
}

/** The vendor's names that an endpoint is told; none of our own format. */
export function namesTold(told: Told & { readonly format: WebhookFormat }): readonly string[] {
  if (told.formatEvents.length > 0) return told.formatEvents
  return namesOf(told.format).filter((name) =>
    eventTypesOf(told.format, [name]).some((type) => told.eventTypes.includes(type)),
  )
}

function requireNames(format: WebhookFormat, names: readonly string[], eventTypes: readonly string[]): void {
  const known = namesOf(format)
  if (known.length === 0)
    throw invalidField('formatEvents', 'are for the formats of vendors', 'Give eventTypes.')
  if (eventTypes.length > 0)
    throw invalidField('formatEvents', 'cannot be given together with eventTypes', 'Give one of the two.')
  const strange = names.find((name) => !known.includes(name))
  if (strange !== undefined)
    throw invalidField(
      'formatEvents',
      `the format ${format} has no event ${strange}`,
      `Choose among ${known.join(', ')}.`,
    )
}
