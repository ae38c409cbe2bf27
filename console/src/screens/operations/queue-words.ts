import type { QueueAct, QueueLine } from '@bulkhead/sdk'
import type { Tone } from '../../ui/chip.tsx'
import type { QueueState } from './operations-search.ts'

export type ActKind = QueueAct['kind']

export const ACT_KINDS = ['pause', 'hold', 'release', 'requeue', 'expire'] as const satisfies ActKind[]

/** What an act is, as its button and its explanation say it. */
export const ACT_WORDS: Readonly<
  Record<ActKind, { readonly name: string; readonly done: string; readonly does: string }>
> = {
  pause: {
    name: 'Pause',
    done: 'Pause',
    does: 'Nothing of this leaves, also what is accepted later, until you resume it.',
  },
  hold: { name: 'Hold', done: 'Hold', does: 'What waits now is held. What comes later goes on.' },
  release: {
    name: 'Release',
    done: 'Release',
    does: 'Ends holds. What a pause or a new sender holds stays held.',
  },
  requeue: {
    name: 'Try again now',
    done: 'Requeue',
    does: 'Mail that waits for another attempt is due now, spread over a time. Scheduled mail keeps its time.',
  },
  expire: {
    name: 'Expire',
    done: 'Expire',
    does: 'Mail is held first and ends as expired after a time in which you can undo it.',
  },
}

export const STATE_WORDS: Readonly<
  Record<QueueState, { readonly name: string; readonly tone: Tone; readonly means: string }>
> = {
  ready: { name: 'ready', tone: 'info', means: 'Due, and waits for a sender.' },
  line: { name: 'in line', tone: 'info', means: 'Due, and its site takes no more at the moment.' },
  deferred: { name: 'deferred', tone: 'warn', means: 'Was attempted and waits for its next attempt.' },
  scheduled: { name: 'scheduled', tone: 'neutral', means: 'Its time has not come.' },
  'in flight': { name: 'in flight', tone: 'ok', means: 'A sender has it.' },
  held: { name: 'held', tone: 'warn', means: 'Held by an act, or because its sender is new.' },
  contained: { name: 'contained', tone: 'bad', means: 'A containment keeps it.' },
}

/** One line of the queue among the others. */
export function lineKey(line: QueueLine): string {
  return [line.lane, line.site ?? '', line.pool, line.state, line.heldBy?.actId ?? ''].join('\n')
}

type Filter = QueueAct['filter']

const list = (values: readonly string[] | undefined): string => (values ?? []).join(', ')
const some = (values: readonly string[] | undefined): boolean => values !== undefined && values.length > 0

/** What an act is about, in words. */
export function describeFilter(filter: Filter): string {
  const parts = [
    some(filter.lanes) ? `${list(filter.lanes)} mail` : 'mail',
    some(filter.providers) ? `to ${list(filter.providers)}` : '',
    some(filter.sites) ? `to ${list(filter.sites)}` : '',
    filter.domains === undefined ? '' : `to ${filter.domains} ${filter.domains === 1 ? 'domain' : 'domains'}`,
    some(filter.pools) ? `from the pool ${list(filter.pools)}` : '',
    some(filter.fromDomains) ? `from ${list(filter.fromDomains)}` : '',
    some(filter.tags) ? `with the tag ${list(filter.tags)}` : '',
    filter.messages === undefined ? '' : `of ${filter.messages.length} messages`,
    filter.attemptsAtLeast === undefined ? '' : `after ${filter.attemptsAtLeast} attempts or more`,
    some(filter.replies) ? `whose last reply was ${list(filter.replies)}` : '',
    some(filter.replyClasses) ? `refused for ${list(filter.replyClasses)}` : '',
  ].filter((part) => part !== '')
  return parts.length === 1 && parts[0] === 'mail' ? 'everything that waits' : parts.join(' ')
}

/** A setting of shaping in words: `message_rate` → "message rate". */
export function plainKey(key: string): string {
  return key.replaceAll('_', ' ')
}
