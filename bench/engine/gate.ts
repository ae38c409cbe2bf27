import { performance } from 'node:perf_hooks'
import type { Point, Rule } from '../sink-behaviour.ts'

/** What a provider of the sink takes; null is no limit. */
export interface GateLimits {
  /** Open connections, over all its hosts. */
  readonly connections: number | null
  /** MAIL commands within any second. */
  readonly perSecond: number | null
  /** MAIL commands on one connection. */
  readonly perConnection: number | null
}

/** One provider of the sink: where it listens, what it takes, and what it says. */
export interface Door {
  readonly name: string
  readonly hosts: readonly string[]
  readonly limits: GateLimits
  /** This share of the recipients is put off, 0 to 100, with one of `deferrals` after the other. */
  readonly deferPercent: number
  readonly deferrals: readonly string[]
  /** The final dot is answered so much later. */
  readonly delayMs: number
  /** Said above a limit; both begin with 421. */
  readonly tooMany: string
  readonly tooFast: string
}

/** What one provider saw. */
export interface GateReport {
  readonly messages: number
  readonly maxOpen: number
  readonly maxPerSecond: number
  readonly maxPerConnection: number
  readonly limits: GateLimits
  /** How often each limit was overstepped, and so answered 421. */
  readonly over: { readonly connections: number; readonly perSecond: number; readonly perConnection: number }
  /** Replies by which recipients were put off, and how often. */
  readonly deferred: Readonly<Record<string, number>>
}

/** Decides for one connection, as a Behaviour does for all. */
export interface Visit {
  readonly active: boolean
  decide(at: Point, recipients: readonly string[]): Rule | null
  leave(): void
}

const SECOND_MS = 1000

function reply(at: Point, text: string): Rule {
  return { at, action: 'reply', reply: text, delayMs: 0, percent: 100, recipient: '', times: 0 }
}

/** Keeps the limits of one provider over all its connections, and writes down how near its clients came to them. */
export class Gate {
  readonly #door: Door
  readonly #random: () => number
  readonly #nowMs: () => number
  #open = 0
  #messages = 0
  #maxOpen = 0
  #maxPerConnection = 0
  #maxPerSecond = 0
  #over = { connections: 0, perSecond: 0, perConnection: 0 }
  #deferred = new Map<string, number>()
  /** When MAIL came within the last second, oldest first from `#first` on. */
  #recent: number[] = []
  #first = 0

  constructor(door: Door, random: () => number = Math.random, nowMs: () => number = () => performance.now()) {
    this.#door = door
    this.#random = random
    this.#nowMs = nowMs
  }

  /** A connection comes. */
  enter(): Visit {
    const { limits, tooMany, delayMs } = this.#door
    this.#open++
    this.#maxOpen = Math.max(this.#maxOpen, this.#open)
    const refused = limits.connections !== null && this.#open > limits.connections
    if (refused) this.#over.connections++
    let mails = 0
    return {
      active: true,
      decide: (at) => {
        if (at === 'banner') return refused ? reply(at, tooMany) : null
        if (at === 'mail') return this.#mail(++mails)
        if (at === 'rcpt') return this.#putOff()
        if (at !== 'dot') return null
        this.#messages++
        return delayMs === 0 ? null : { ...reply(at, ''), action: 'continue', delayMs }
      },
      leave: () => {
        this.#open--
      },
    }
  }

  #putOff(): Rule | null {
    const { deferPercent, deferrals } = this.#door
    if (this.#random() * 100 >= deferPercent) return null
    const text = deferrals[Math.floor(this.#random() * deferrals.length)]
    if (text === undefined) return null
    this.#deferred.set(text, (this.#deferred.get(text) ?? 0) + 1)
    return reply('rcpt', text)
  }

  #mail(nth: number): Rule | null {
    const { limits, tooFast, tooMany } = this.#door
    const nowMs = this.#nowMs()
    while (this.#first < this.#recent.length && (this.#recent[this.#first] ?? 0) <= nowMs - SECOND_MS)
      this.#first++
    if (this.#first > 4096) {
      this.#recent = this.#recent.slice(this.#first)
      this.#first = 0
    }
    this.#recent.push(nowMs)
    const perSecond = this.#recent.length - this.#first
    this.#maxPerSecond = Math.max(this.#maxPerSecond, perSecond)
    this.#maxPerConnection = Math.max(this.#maxPerConnection, nth)
    if (limits.perConnection !== null && nth > limits.perConnection) {
      this.#over.perConnection++
      return reply('mail', tooMany)
    }
    if (limits.perSecond !== null && perSecond > limits.perSecond) {
      this.#over.perSecond++
      return reply('mail', tooFast)
    }
    return null
  }

  report(): GateReport {
    return {
      messages: this.#messages,
      maxOpen: this.#maxOpen,
      maxPerSecond: this.#maxPerSecond,
      maxPerConnection: this.#maxPerConnection,
      limits: this.#door.limits,
      over: { ...this.#over },
      deferred: Object.fromEntries(this.#deferred),
    }
  }

  /** Forgets what was counted; connections that are open stay counted. */
  reset(): void {
    this.#messages = 0
    this.#maxOpen = this.#open
    this.#maxPerSecond = 0
    this.#maxPerConnection = 0
    this.#over = { connections: 0, perSecond: 0, perConnection: 0 }
    this.#deferred = new Map()
  }
}

const MAX_HOSTS = 5000

function isDoor(value: unknown): value is Door {
  if (typeof value !== 'object' || value === null) return false
  const fields = new Map<string, unknown>(Object.entries(value))
  const [hosts, deferrals] = [fields.get('hosts'), fields.get('deferrals')]
  return (
    ['name', 'tooMany', 'tooFast'].every((name) => typeof fields.get(name) === 'string') &&
    ['deferPercent', 'delayMs'].every((name) => typeof fields.get(name) === 'number') &&
    typeof fields.get('limits') === 'object' &&
    Array.isArray(deferrals) &&
    Array.isArray(hosts) &&
    // Everything stays on the loopback.
    hosts.every((host) => typeof host === 'string' && /^127(\.\d{1,3}){3}$/.test(host))
  )
}

/** Parses a file of doors. Throws an Error that says what is wrong. */
export function parseDoors(value: unknown): Door[] {
  if (!Array.isArray(value)) throw new Error('doors must be a list')
  const doors = value.filter(isDoor)
  if (doors.length !== value.length)
    throw new Error('a door lacks a field, or a host of it is not in 127.0.0.0/8')
  if (doors.reduce((sum, { hosts }) => sum + hosts.length, 0) > MAX_HOSTS) {
    throw new Error(`doors must have at most ${MAX_HOSTS} hosts`)
  }
  return doors
}
