import type { Lane } from '../../kernel/lane.ts'
import { LANES } from '../../kernel/lane.ts'
import { readDuration, readInteger, readRate, readSchedule, showDuration, showRate } from './values.ts'
import type { Rate, Read } from './values.ts'

/** Pauses in seconds after the first, second … attempt, the last repeats; null: the engine's own (docs/delivery.md). */
export type RetrySchedules = Readonly<Record<Lane, readonly number[] | null>>

/** How mail may go to a site, all of it. Rates and connections hold over all senders and hosts together. */
export interface Limits {
  /** At the same time, to the site. */
  readonly connections: number
  /** At the same time, to all sites of the provider; null: no such limit. */
  readonly providerConnections: number | null
  readonly connectionRate: Rate | null
  /** Messages offered to the site. */
  readonly messageRate: Rate | null
  /** Messages offered to all sites of the provider. */
  readonly providerMessageRate: Rate | null
  readonly messagesPerConnection: number
  readonly recipientsPerTransaction: number
  readonly tls: 'opportunistic' | 'required'
  /** How long a connection without work stays open. */
  readonly idleSeconds: number
  readonly retry: RetrySchedules
  /** Messages that wait in memory of a sender for the site. */
  readonly maxReady: number
}

/** What one line of a file says about the limits. */
export interface Setting {
  /** As in the file: `connections`, `retry.bulk`. */
  readonly key: string
  /** The value as people read it. */
  readonly shown: string
  /** The value as a file may write it. */
  readonly raw: unknown
  readonly patch: LimitsPatch
}

export type LimitsPatch = Partial<Omit<Limits, 'retry'>> & { readonly retry?: Partial<RetrySchedules> }

/**
 * What holds where no file says otherwise. 10 connections, 100 new ones a minute, 100 messages each and 100 a second are what large
 * receivers take from a sender they do not know (the shipped defaults of KumoMTA); 100 recipients is what every server must take
 * (RFC 5321 §4.5.3.1.8).
 */
export const BUILT_IN: Limits = {
  connections: 10,
  providerConnections: null,
  connectionRate: { count: 100, perSeconds: 60 },
  messageRate: { count: 100, perSeconds: 1 },
  providerMessageRate: null,
  messagesPerConnection: 100,
  recipientsPerTransaction: 100,
  tls: 'opportunistic',
  idleSeconds: 5,
  retry: { critical: null, transactional: null, bulk: null, internal: null },
  maxReady: 300,
}

export interface LimitKey {
  readonly key: string
  /** For the documentation. */
  readonly type: string
  readonly example: string
  readonly about: string
  /** What a value of the file says, or what is wrong with it. */
  read(value: unknown): Read<readonly Setting[]>
  /** The value in force, as the file writes it. */
  show(limits: Limits): string
}

const NONE = 'none'

/** Every key of a layer: the file, its problems, `explain` and docs/shaping.md all come from this list. */
export const LIMIT_KEYS: readonly LimitKey[] = [
  integer('connections', 'connections', 1, 1_000, 'Connections at the same time to the site.'),
  optionalInteger(
    'provider_connections',
    'providerConnections',
    1,
    10_000,
    'Connections at the same time to all sites of the provider together; `"none"`: no such limit.',
  ),
  rate('connection_rate', 'connectionRate', 'New connections to the site.'),
  rate('message_rate', 'messageRate', 'Messages offered to the site.'),
  rate(
    'provider_message_rate',
    'providerMessageRate',
    'Messages offered to all sites of the provider together.',
  ),
  integer(
    'messages_per_connection',
    'messagesPerConnection',
    1,
    100_000,
    'Messages after which a connection is closed.',
  ),
  integer(
    'recipients_per_transaction',
    'recipientsPerTransaction',
    1,
    1_000,
    'Recipients of one message in one transaction.',
  ),
  {
    key: 'tls',
    type: '`"opportunistic"` or `"required"`',
    example: 'tls = "required"',
    about:
      'Opportunistic: TLS where it is offered. Required: mail waits where there is none. DANE, MTA-STS and what a message demands may ask for more, never for less.',
    read: (value) =>
      value === 'opportunistic' || value === 'required'
        ? { ok: true, value: [{ key: 'tls', shown: value, raw: value, patch: { tls: value } }] }
        : { ok: false, problem: 'is neither "opportunistic" nor "required"', fix: 'write tls = "required"' },
    show: (limits) => limits.tls,
  },
  {
    key: 'idle',
    type: 'duration, 0s to 5m',
    example: 'idle = "30s"',
    about: 'How long a connection without work stays open.',
    read: (value) =>
      map(readDuration(value, 0, 300), (idleSeconds) => [
        { key: 'idle', shown: showDuration(idleSeconds), raw: idleSeconds, patch: { idleSeconds } },
      ]),
    show: (limits) => showDuration(limits.idleSeconds),
  },
  {
    key: 'retry',
    type: 'list of durations, or a table of them by lane; 1s to 7d, 1 to 30 of them',
    example: 'retry = { bulk = ["10m", "30m", "2h"] }',
    about:
      'Pauses after the first, second … attempt; the last repeats until the message expires. A list holds for all lanes.',
    read: readRetry,
    show: (limits) =>
      LANES.map(
        (lane) => `${lane} ${limits.retry[lane]?.map(showDuration).join(' ') ?? "the engine's own"}`,
      ).join('; '),
  },
  integer(
    'max_ready',
    'maxReady',
    1,
    10_000,
    'Messages that wait for the site in the memory of a sender; the rest waits in the queue.',
  ),
]

/** A lower layer with a higher one on top. */
export function withSettings(limits: Limits, settings: readonly Setting[]): Limits {
  let result = limits
  for (const { patch } of settings) result = patched(result, patch)
  return result
}

/** What was learnt only makes things stricter: of a limit and an overlay's the smaller one holds. */
export function tightened(limits: Limits, settings: readonly Setting[]): Limits {
  let result = limits
  for (const { patch } of settings) result = stricter(result, patch)
  return result
}

function patched(limits: Limits, patch: LimitsPatch): Limits {
  return { ...limits, ...patch, retry: { ...limits.retry, ...patch.retry } }
}

function stricter(limits: Limits, patch: LimitsPatch): Limits {
  return {
    connections: fewer(limits.connections, patch.connections),
    providerConnections: fewerOrNone(limits.providerConnections, patch.providerConnections),
    connectionRate: slower(limits.connectionRate, patch.connectionRate),
    messageRate: slower(limits.messageRate, patch.messageRate),
    providerMessageRate: slower(limits.providerMessageRate, patch.providerMessageRate),
    messagesPerConnection: fewer(limits.messagesPerConnection, patch.messagesPerConnection),
    recipientsPerTransaction: fewer(limits.recipientsPerTransaction, patch.recipientsPerTransaction),
    tls: patch.tls === 'required' ? 'required' : limits.tls,
    idleSeconds: fewer(limits.idleSeconds, patch.idleSeconds),
    retry: { ...limits.retry, ...patch.retry },
    maxReady: fewer(limits.maxReady, patch.maxReady),
  }
}

function fewer(mine: number, theirs: number | undefined): number {
  return Math.min(mine, theirs ?? mine)
}

function fewerOrNone(mine: number | null, theirs: number | null | undefined): number | null {
  return mine === null ? (theirs ?? null) : Math.min(mine, theirs ?? mine)
}

function slower(mine: Rate | null, theirs: Rate | null | undefined): Rate | null {
  if (theirs === null || theirs === undefined) return mine
  if (mine === null) return theirs
  return theirs.count / theirs.perSeconds < mine.count / mine.perSeconds ? theirs : mine
}

function integer(
  key: string,
  field: 'connections' | 'messagesPerConnection' | 'recipientsPerTransaction' | 'maxReady',
  min: number,
  max: number,
  about: string,
): LimitKey {
  return {
    key,
    type: `whole number, ${min} to ${max}`,
    example: `${key} = ${Math.min(max, 20)}`,
    about,
    read: (value) =>
      map(readInteger(value, min, max), (read) => [
        { key, shown: String(read), raw: read, patch: { [field]: read } },
      ]),
    show: (limits) => String(limits[field]),
  }
}

function optionalInteger(
  key: string,
  field: 'providerConnections',
  min: number,
  max: number,
  about: string,
): LimitKey {
  return {
    key,
    type: `whole number, ${min} to ${max}, or \`"none"\``,
    example: `${key} = 20`,
    about,
    read: (value) =>
      value === NONE
        ? { ok: true, value: [{ key, shown: NONE, raw: NONE, patch: { [field]: null } }] }
        : map(readInteger(value, min, max), (read) => [
            { key, shown: String(read), raw: read, patch: { [field]: read } },
          ]),
    show: (limits) => String(limits[field] ?? NONE),
  }
}

function rate(
  key: string,
  field: 'connectionRate' | 'messageRate' | 'providerMessageRate',
  about: string,
): LimitKey {
  return {
    key,
    type: 'rate such as `"100/min"`, or `"none"`',
    example: `${key} = "600/h"`,
    about,
    read: (value) =>
      value === NONE
        ? { ok: true, value: [{ key, shown: NONE, raw: NONE, patch: { [field]: null } }] }
        : map(readRate(value), (read) => [
            { key, shown: showRate(read), raw: showRate(read), patch: { [field]: read } },
          ]),
    show: (limits) => {
      const value = limits[field]
      return value === null ? NONE : showRate(value)
    },
  }
}

function readRetry(value: unknown): Read<readonly Setting[]> {
  if (Array.isArray(value)) {
    return map(readSchedule(value), (pauses) => LANES.map((lane) => scheduleOf(lane, pauses)))
  }
  const fix =
    'write retry = ["5m", "30m", "2h"], or a table with the keys critical, transactional, bulk and internal'
  if (typeof value !== 'object' || value === null)
    return { ok: false, problem: 'is neither a list nor a table', fix }
  const settings: Setting[] = []
  for (const [name, pauses] of Object.entries(value)) {
    const lane = LANES.find((each) => each === name)
    if (lane === undefined) return { ok: false, problem: `has no lane "${name.slice(0, 40)}"`, fix }
    const read = readSchedule(pauses)
    if (!read.ok) return { ...read, problem: `${lane}: ${read.problem}` }
    settings.push(scheduleOf(lane, read.value))
  }
  return { ok: true, value: settings }
}

function scheduleOf(lane: Lane, pauses: readonly number[]): Setting {
  return {
    key: `retry.${lane}`,
    shown: pauses.map(showDuration).join(' '),
    raw: pauses,
    patch: { retry: { [lane]: pauses } },
  }
}

function map<T, U>(read: Read<T>, to: (value: T) => U): Read<U> {
  return read.ok ? { ok: true, value: to(read.value) } : read
}

/** As a table of a file has them. */
export function settingsToJson(settings: readonly Setting[]): Readonly<Record<string, unknown>> {
  const retry = Object.fromEntries(
    settings.flatMap(({ key, raw }) => (key.startsWith('retry.') ? [[key.slice(6), raw]] : [])),
  )
  const plain = settings.filter(({ key }) => !key.startsWith('retry.')).map(({ key, raw }) => [key, raw])
  return { ...Object.fromEntries(plain), ...(Object.keys(retry).length === 0 ? {} : { retry }) }
}

/** What `settingsToJson` wrote; what is not understood, such as a key of a newer version, says nothing. */
export function settingsFromJson(value: unknown): readonly Setting[] {
  if (typeof value !== 'object' || value === null) return []
  const given = new Map<string, unknown>(Object.entries(value))
  return LIMIT_KEYS.flatMap((each) => {
    const read = given.has(each.key) ? each.read(given.get(each.key)) : undefined
    return read?.ok === true ? read.value : []
  })
}
