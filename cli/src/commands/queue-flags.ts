import type { Client } from '@bulkhead/sdk'
import { choicesOf, instant, texts } from '../command.ts'
import type { Flag, Given } from '../command.ts'
import { UsageError } from '../failure.ts'

export type QueueFilter = NonNullable<Parameters<Client['queueActs']['preview']>[0]['filter']>

const LANES = ['critical', 'transactional', 'bulk', 'internal'] as const

const lane = choicesOf('lane', 'LANE', LANES, 'Only these lanes.')
const site = texts('site', 'SITE', 'Only mail to this site, as bulkhead queue shows it.')
const provider = texts('provider', 'NAME', 'Only mail to this provider of the shaping rules.')
const toDomain = texts('to-domain', 'DOMAIN', 'Only mail to addresses of this domain.')
const pool = texts('pool', 'NAME', 'Only mail of lanes that were given this pool.')
const tag = texts('tag', 'TAG', 'Only mail with this tag.')
const fromDomain = texts('from-domain', 'DOMAIN', 'Only mail from this sending domain.')
const message = texts('message', 'ID', 'Only this message, msg_….')
const attempts = count('attempts', 'Only recipients with at least so many attempts.')
const olderThan = instant('older-than', 'past', 'Only mail that was accepted before.')
const newerThan = instant('newer-than', 'past', 'Only mail that was accepted after.')
const dueBefore = instant('due-before', 'future', 'Only what is due before.')
const dueAfter = instant('due-after', 'future', 'Only what is due after.')
const reply = texts('reply', 'CODE', 'Only where the last reply was this: 421, 4.7.1 or 4.7.')
const replyClass = choicesOf(
  'reply-class',
  'CLASS',
  ['recipient', 'mailbox', 'policy', 'reputation', 'content', 'infrastructure', 'protocol'],
  'Only where the last refusal was of this class.',
)
/** What does not change while mail waits. */
export const STANDING: readonly Flag<unknown>[] = [
  lane,
  site,
  provider,
  toDomain,
  pool,
  tag,
  fromDomain,
  message,
]
/** What changes with every attempt. */
export const MOVING: readonly Flag<unknown>[] = [
  attempts,
  olderThan,
  newerThan,
  dueBefore,
  dueAfter,
  reply,
  replyClass,
]

/** A flag with a whole number, 0 too. */
export function count(name: string, description: string): Flag<number | undefined> {
  return {
    name,
    placeholder: 'N',
    description,
    read(given) {
      const value = given.at(-1)
      if (value === undefined) return undefined
      if (!/^\d{1,9}$/.test(value)) throw new UsageError(`--${name} ${value}: write a whole number.`)
      return Number(value)
    },
  }
}

/** A flag with a length of time, answered in seconds. */
export function span(name: string, description: string): Flag<number | undefined> {
  return {
    name,
    placeholder: 'SPAN',
    description,
    read(given) {
      const value = given.at(-1)
      if (value === undefined) return undefined
      const parts = /^(\d{1,6})(s|m|h|d)$/.exec(value)
      const unit = { s: 1, m: 60, h: 3_600, d: 86_400 }[parts?.[2] ?? '']
      if (parts === null || unit === undefined)
        throw new UsageError(`--${name} ${value}: write a span such as 30s, 10m or 2h.`)
      return Number(parts[1]) * unit
    },
  }
}

const some = <T>(values: readonly T[]): readonly T[] | undefined => (values.length === 0 ? undefined : values)

/** What the flags name, as the API takes it. */
export function filterOf(given: Given): QueueFilter {
  return {
    lanes: some(given.flag(lane)),
    sites: some(given.flag(site)),
    providers: some(given.flag(provider)),
    domains: some(given.flag(toDomain)),
    pools: some(given.flag(pool)),
    tags: some(given.flag(tag)),
    fromDomains: some(given.flag(fromDomain)),
    messages: some(given.flag(message)),
    attemptsAtLeast: given.flag(attempts),
    acceptedBefore: given.flag(olderThan),
    acceptedAfter: given.flag(newerThan),
    dueBefore: given.flag(dueBefore),
    dueAfter: given.flag(dueAfter),
    replies: some(given.flag(reply)),
    replyClasses: some(given.flag(replyClass)),
  }
}
