import type { Message, TimelineEntry } from '@bulkhead/sdk'
import { clock } from './instants.ts'
import { paintState } from './states.ts'
import { dialogueOf, plain, storyOf } from './story.ts'
import type { Screen } from './table.ts'
import { clean, pad, wrap } from './text.ts'

const WAITING = new Set(['pending', 'scheduled', 'held'])

/** Whether every recipient has reached its end. */
export function isSettled(message: Pick<Message, 'recipients'>): boolean {
  return message.recipients.every((recipient) => !WAITING.has(recipient.state))
}

type Entry = Pick<TimelineEntry, 'type' | 'at' | 'recipient' | 'detail'>

/** As long as `unsubscribed`. */
const STATE_COLUMNS = 12

/** One event as a line: time, what, whom, and the remote's words. */
export function timelineLine(entry: Entry, whom: string, screen: Screen): string {
  return `${head(entry, whom, screen, eventText(entry.detail))}\n`
}

/** Where the lines under an event begin: below what it is, behind the time. */
const MARGIN = ' '.repeat(21)

/** One event of a story: as timelineLine, with reply and circumstances on lines of their own; `dialogue`: with what passed between the servers. */
export function timelineEntry(entry: Entry, whom: string, screen: Screen, dialogue: boolean): string {
  const { reply, clauses } = storyOf(entry.detail)
  const said = dialogue ? dialogueOf(entry.detail) : []
  if (reply === '' && clauses.length < 4 && said.length === 0) return timelineLine(entry, whom, screen)
  const columns = Math.max(40, (screen.columns ?? 130) - MARGIN.length)
  const lines = [
    head(entry, whom, screen, ''),
    ...[reply, clauses.join(', ')]
      .filter((part) => part !== '')
      .map((part) => MARGIN + screen.paint.dim(wrap(clean(part), columns, MARGIN))),
    ...said.map((line) => `${' '.repeat(14)}${clean(line)}`),
  ]
  return lines.map((line) => `${line.trimEnd()}\n`).join('')
}

function head(entry: Entry, whom: string, screen: Screen, rest: string): string {
  const state = entry.type.replace(/^message\./, '')
  const parts = [
    screen.paint.dim(clock(entry.at)),
    paintState(state, pad(state, STATE_COLUMNS), screen.paint),
    clean(whom),
    screen.paint.dim(clean(rest)),
  ]
  return parts.filter((part) => part !== '').join('  ')
}

/** The details of an event of mail in a line of words: the remote's reply first, then why, where and what comes next. */
export function eventText(detail: Readonly<Record<string, unknown>>): string {
  const { reply, clauses } = storyOf(detail)
  return [reply, ...clauses].filter((part) => part !== '').join(', ')
}

/** Details of which nothing is known but their names, as the audit log has them. */
export function detailText(detail: Readonly<Record<string, unknown>>): string {
  return Object.entries(detail)
    .filter(([, value]) => value !== null && value !== undefined && value !== '')
    .map(([name, value]) => `${name}: ${plain(value)}`)
    .join(', ')
}

/** The recipient of an event by address; a number where the message does not know it. */
export function recipientOf(message: Pick<Message, 'recipients'>, number: number | null): string {
  if (number === null) return ''
  return message.recipients.find((recipient) => recipient.number === number)?.email ?? `#${number}`
}
