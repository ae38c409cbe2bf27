import { text } from './event-source.ts'

/** Why the address is on the list of suppressions; empty where the event does not say. */
export function suppressedBy(detail: Readonly<Record<string, unknown>>): string {
  return text(detail['suppression']) ?? ''
}
