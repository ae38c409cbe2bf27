import type { Message, TimelineEntry } from '@bulkhead/sdk'
import { clock, duration } from './instants.ts'
import { paintState } from './states.ts'
import type { Screen } from './table.ts'
import { clean, pad } from './text.ts'

const WAITING = new Set(['pending', 'scheduled', 'held'])

/** Whether every recipient has reached its end. */
export function isSettled(message: Pick<Message, 'recipients'>): boolean {
  return message.recipients.every((recipient) => !WAITING.has(recipient.state))
}

/** One event as a line: time, what, whom, and the remote's words. */
export function timelineLine(
  entry: Pick<TimelineEntry, 'type' | 'at' | 'recipient' | 'detail'>,
  whom: string,
  screen: Screen,
): string {
  const state = entry.type.replace(/^message\./, '')
  const parts = [
    screen.paint.dim(clock(entry.at)),
    paintState(state, pad(state, 10), screen.paint),
    clean(whom),
    screen.paint.dim(clean(detailText(entry.detail))),
  ]
  return `${parts.filter((part) => part !== '').join('  ')}\n`
}

/** What a person does not need to read the story: the rest of the JSON has it. */
const TECHNICAL = new Set(['stage', 'attempts', 'reply', 'code', 'enhanced', 'durationMs'])

/** The details of an event in words: the remote's reply first, then where and how long. */
export function detailText(detail: Readonly<Record<string, unknown>>): string {
  const { reply, code, enhanced, durationMs } = detail
  const answer = [code, enhanced, reply].filter((part) => part !== undefined && part !== null && part !== '')
  const rest = Object.entries(detail).filter(
    ([name, value]) =>
      !TECHNICAL.has(name) &&
      value !== null &&
      value !== undefined &&
      value !== '' &&
      !(name === 'address' && value === detail['host']),
  )
  const parts = [
    ...(answer.length === 0 ? [] : [answer.map(plain).join(' ')]),
    ...rest.map(([name, value]) => `${name}: ${plain(value)}`),
    ...(typeof durationMs === 'number' ? [`took ${duration(durationMs)}`] : []),
  ]
  return parts.join(', ')
}

function plain(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(plain).join(' ')
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([name, item]) => `${name} ${plain(item)}`)
      .join(' ')
  return String(value)
}

/** The recipient of an event by address; a number where the message does not know it. */
export function recipientOf(message: Pick<Message, 'recipients'>, number: number | null): string {
  if (number === null) return ''
  return message.recipients.find((recipient) => recipient.number === number)?.email ?? `#${number}`
}
