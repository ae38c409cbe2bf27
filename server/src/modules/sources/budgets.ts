import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Budgets, ShareUse } from './source-types.ts'
import type { ShareAnswer, SourcesStore } from './sources-store.ts'

const RENEW_MS = 3_000
/** A key whose fair part others still hold: they let go within their next round. */
const HUNGRY_MS = 500
/** Between two questions because of changes; what is new is asked for at once. */
const CHANGED_MS = 100
/** Not asked for so long: given back. Longer where units are in use, since its user may have nothing to ask. */
const IDLE_MS = 10_000
const IDLE_IN_USE_MS = 60_000
/** A share is used this long less than the database says, for two clocks that do not run alike. */
const MARGIN_MS = 500
const ANSWER_MS = 5_000
const KEYS_PER_QUESTION = 2_000
const KEY_MAX = 300
const UNITS_MAX = 1_000_000_000

interface Entry {
  readonly key: string
  limit: number
  inUse: number
  need: number
  /** The most that was needed since the last question. */
  peak: number
  /** What the database last heard of as needed. */
  told: number
  /** What may be used; never more than the database has for this sender. */
  held: number
  /** The fair part, as last heard; what is held beyond it is let go as it falls idle. */
  target: number
  validUntilMs: number
  askedForMs: number
  questionedMs: number
  /** What the database knows is not what is so. */
  changed: boolean
  answered: boolean
  readonly waiters: (() => void)[]
}

export interface BudgetsDependencies {
  readonly store: Pick<SourcesStore, 'shareBudgets'>
  /** The worker_lease of this sender; null while there is none. A share dies with its lease. */
  readonly leaseId: () => string | null
  readonly log: Logger
  /** Something grew: whoever waits for room may look again. */
  readonly onGrown?: () => void
  /** Milliseconds of a clock that never jumps. */
  readonly monotonicMs?: () => number
}

/**
 * This sender's parts of limits that are shared by all senders (design: budgets by database leases). Giving up goes first here and then
 * to the database, taking goes first to the database and then here; so the parts in use add up to no more than the limit at any instant.
 * A share lives 10 s and is renewed every 3; where the database is away, it holds until then and is 0 afterwards.
 */
export function createBudgets(deps: BudgetsDependencies): Budgets {
  const clock = deps.monotonicMs ?? (() => performance.now())
  const entries = new Map<string, Entry>()
  let lease: string | null = null
  let round = 0
  let asking: Promise<void> | null = null
  let timer: NodeJS.Timeout | undefined
  let timerAtMs = Infinity
  let isFailing = false
  let closing = false

  /** What may be used of an entry now; lets go of what is not its own any more. */
  function settle(entry: Entry): number {
    const hasLostLease = deps.leaseId() !== lease
    if (hasLostLease || clock() >= entry.validUntilMs) {
      entry.held = 0
      entry.changed ||= hasLostLease
      return 0
    }
    const most = Math.min(entry.limit, Math.max(entry.target, entry.inUse))
    if (entry.held > most) {
      entry.held = most
      entry.changed = true
    }
    return entry.held
  }

  function entryOf(name: string): Entry {
    const key = storedKey(name)
    const known = entries.get(key)
    if (known !== undefined) return known
    const made: Entry = {
      key,
      limit: 0,
      inUse: 0,
      need: 0,
      peak: 0,
      told: 0,
      held: 0,
      target: 0,
      validUntilMs: -Infinity,
      askedForMs: clock(),
      questionedMs: -Infinity,
      changed: true,
      answered: false,
      waiters: [],
    }
    entries.set(key, made)
    return made
  }

  function share(key: string, limit: number, use: ShareUse = {}): number {
    const entry = entryOf(key)
    entry.limit = units(limit)
    entry.inUse = Math.min(units(use.inUse ?? 0), UNITS_MAX)
    entry.need = Math.min(units(use.need ?? entry.limit), entry.limit)
    entry.askedForMs = clock()
    const held = settle(entry)
    entry.peak = Math.max(entry.peak, entry.need)
    // The database knows of a smaller wish: it may have more.
    if (entry.peak > entry.told && entry.peak > held) entry.changed = true
    if (entry.changed) schedule(entry.answered ? entry.questionedMs + CHANGED_MS : clock())
    return held
  }

  function schedule(atMs: number): void {
    if (closing || atMs >= timerAtMs || asking !== null) return
    clearTimeout(timer)
    timerAtMs = atMs
    const delay = Math.max(0, atMs - clock())
    timer = setTimeout(() => {
      timerAtMs = Infinity
      asking = ask().finally(() => {
        asking = null
        scheduleNext()
      })
    }, delay)
    timer.unref()
  }

  /** When the next question is due for an entry. */
  function dueOf(entry: Entry): number {
    if (isFailing) return entry.questionedMs + RENEW_MS
    if (entry.changed) return entry.answered ? entry.questionedMs + CHANGED_MS : -Infinity
    return entry.questionedMs + (entry.held < entry.target ? HUNGRY_MS : RENEW_MS)
  }

  function scheduleNext(): void {
    let next = Infinity
    for (const entry of entries.values()) next = Math.min(next, dueOf(entry))
    if (next < Infinity) schedule(Math.max(next, clock()))
  }

  async function ask(): Promise<void> {
    const current = deps.leaseId()
    if (current !== lease) {
      for (const entry of entries.values()) Object.assign(entry, { held: 0, target: 0, answered: false })
      lease = current
    }
    const now = clock()
    const due: Entry[] = []
    for (const entry of entries.values()) {
      // Those that are nearly due go with the others: one statement, not many.
      if (dueOf(entry) > now + RENEW_MS / 6) continue
      due.push(entry)
      if (due.length >= KEYS_PER_QUESTION) break
    }
    if (due.length === 0) return
    await question(due, current, now)
  }

  async function question(due: readonly Entry[], current: string | null, now: number): Promise<void> {
    const questions = due.map((entry) => {
      const idleMs = now - entry.askedForMs
      if (idleMs > (entry.inUse > 0 ? IDLE_IN_USE_MS : IDLE_MS)) {
        Object.assign(entry, { held: 0, inUse: 0, need: 0, peak: 0 })
      }
      settle(entry)
      const want = Math.max(entry.peak, Math.min(entry.inUse, entry.held))
      entry.told = want
      entry.peak = entry.need
      entry.changed = false
      entry.questionedMs = now
      return { key: entry.key, limit: entry.limit, keep: entry.held, want }
    })
    let answers: readonly ShareAnswer[] = []
    try {
      if (current !== null) answers = await inTime(deps.store.shareBudgets(current, (round += 1), questions))
      if (isFailing) deps.log.info('Shares of limits are renewed again')
      isFailing = false
    } catch (error) {
      if (!isFailing)
        deps.log.warn({ err: error }, 'Shares of limits cannot be renewed; they hold until they run out')
      isFailing = true
      for (const entry of due) tellWaiters(entry)
      return
    }
    const byKey = new Map(answers.map((answer) => [answer.key, answer]))
    let hasGrown = false
    for (const [index, entry] of due.entries()) {
      const answer = byKey.get(entry.key)
      const before = entry.held
      entry.held = answer?.amount ?? 0
      entry.target = answer?.target ?? 0
      entry.validUntilMs = answer === undefined ? -Infinity : now + answer.lastsMs - MARGIN_MS
      entry.answered = true
      settle(entry)
      if (entry.held > before) hasGrown = true
      if (questions[index]?.want === 0 && entry.held === 0 && entry.need === 0 && !entry.changed)
        entries.delete(entry.key)
      tellWaiters(entry)
    }
    if (hasGrown) deps.onGrown?.()
  }

  return {
    share,

    known(key) {
      const entry = entries.get(storedKey(key))
      if (entry === undefined || entry.answered || closing) return Promise.resolve()
      return new Promise((resolve) => entry.waiters.push(resolve))
    },

    state: () => ({ budgets: entries.size, isFailing }),
    shares: () => [...entries.values()].map(({ key, limit, held, inUse }) => ({ key, limit, held, inUse })),

    async [Symbol.asyncDispose]() {
      closing = true
      clearTimeout(timer)
      await asking
      const last = deps.leaseId()
      const rest = [...entries.values()].filter((entry) => entry.answered)
      for (const entry of entries.values()) {
        entry.held = 0
        entry.validUntilMs = -Infinity
        tellWaiters(entry)
      }
      if (last === null || last !== lease) return
      for (let at = 0; at < rest.length; at += KEYS_PER_QUESTION) {
        const part = rest
          .slice(at, at + KEYS_PER_QUESTION)
          .map(({ key, limit }) => ({ key, limit, keep: 0, want: 0 }))
        // What is not given back runs out by itself.
        await inTime(deps.store.shareBudgets(last, (round += 1), part)).catch(() => undefined)
      }
    },
  }
}

/** The name of a site can be long; its beginning tells people what it is, its hash tells it from others. */
function storedKey(key: string): string {
  if (key.length <= KEY_MAX) return key
  return `${key.slice(0, KEY_MAX - 34)} #${createHash('sha256').update(key).digest('hex').slice(0, 32)}`
}

function tellWaiters(entry: Entry): void {
  for (const resolve of entry.waiters.splice(0)) resolve()
}

function units(value: number): number {
  return Number.isFinite(value) ? Math.min(UNITS_MAX, Math.max(0, Math.floor(value))) : 0
}

/** A database that does not answer is away; what it does later is numbered, so that it changes nothing that came after. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  const stop = new AbortController()
  try {
    return await Promise.race([
      work,
      wait(ANSWER_MS, undefined, { signal: stop.signal }).then(() => {
        throw new Error('The database did not answer in time')
      }),
    ])
  } finally {
    stop.abort()
    work.catch(() => undefined)
  }
}
