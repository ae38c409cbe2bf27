import type { Logger } from 'pino'
import type { WarmUp } from './plan.ts'
import type { PickReceipt } from './source-types.ts'
import type { AllowanceAnswer, SourcesStore } from './sources-store.ts'

/** How often what was used is told, and what is not needed given back. */
const TELL_MS = 1_000
/** How long an answer is repeated without asking again. Others give back, the file changes; who picks hears of pauses by other ways. */
const AGAIN_AFTER_MS = { warming: 30_000, warm: 60_000, early: 60_000, paused: 2_000, lost: TELL_MS } as const
const AWAY_MS = 5_000
/** Of a day's number in one hand at most, so that a sender that dies takes little with it. */
const WINDOW_PART = 0.05
const WINDOW_MIN = 5
const PAIRS_MAX = 1_000
const WORKSPACES_MAX = 16
/** Picks that wait for one answer are bounded by the rows in memory; the loop below by this. */
const ROUNDS_MAX = 4

/** `none`: nothing may be sent to this provider from this source before about `endsMs` from now; null: nobody knows. */
export type Allowance =
  | { readonly kind: 'granted'; readonly receipt: PickReceipt | null }
  | {
      readonly kind: 'none'
      readonly endsMs: number | null
      readonly reason: string
      readonly isDay: boolean
    }

interface Pair {
  readonly source: string
  readonly provider: string
  warmUp: WarmUp
  day: string | null
  used: number
  /** What may still be used without asking. */
  open: number
  /** What was used since the last telling. */
  recent: number
  dayEndsAtMs: number
  waiting: number
  /** Before this, the last answer is repeated; -Infinity: ask. */
  restUntilMs: number
  answer: AllowanceAnswer | null
  answeredAtMs: number
  isTold: boolean
  readonly workspaceIds: Set<string>
}

/**
 * This sender's part of the daily numbers of sources that warm up. What it holds was opened for it in the database before, so that a sender
 * that dies, freezes or is cut off can never have used more than the database counts; what it does not need goes back within seconds.
 */
export function createAllowances(deps: {
  readonly store: Pick<SourcesStore, 'takeAllowance' | 'endAllowances'>
  readonly leaseId: () => string | null
  readonly log: Logger
  readonly monotonicMs: () => number
}) {
  const pairs = new Map<string, Pair>()
  let lease: string | null = null
  let round = 0
  let asking: Promise<void> | null = null
  let isFailing = false

  function pairOf(warmUp: WarmUp, provider: string): Pair | null {
    const key = `${warmUp.source} ${provider}`
    const known = pairs.get(key)
    if (known !== undefined) {
      // The file was changed: what was answered for the old ramp says nothing.
      if (known.warmUp !== warmUp) Object.assign(known, { warmUp, restUntilMs: -Infinity, answer: null })
      return known
    }
    if (pairs.size >= PAIRS_MAX) return null
    const made: Pair = {
      source: warmUp.source,
      provider,
      warmUp,
      day: null,
      used: 0,
      open: 0,
      recent: 0,
      dayEndsAtMs: -Infinity,
      waiting: 0,
      restUntilMs: -Infinity,
      answer: null,
      answeredAtMs: -Infinity,
      isTold: true,
      workspaceIds: new Set(),
    }
    pairs.set(key, made)
    return made
  }

  /** What can be said without asking; null: ask. */
  function known(pair: Pair): Allowance | null {
    checkLease()
    const now = deps.monotonicMs()
    if (pair.open > 0 && now < pair.dayEndsAtMs) {
      pair.open -= 1
      pair.used += 1
      pair.recent += 1
      pair.isTold = false
      const day = pair.day ?? ''
      return { kind: 'granted', receipt: { source: pair.source, provider: pair.provider, day, count: 1 } }
    }
    if (now >= pair.restUntilMs || pair.answer === null) return null
    return told(pair, pair.answer, now)
  }

  function told(pair: Pair, answer: AllowanceAnswer, now: number): Allowance {
    if (answer.state === 'warm') return { kind: 'granted', receipt: null }
    const endsMs = answer.endsMs === null ? null : Math.max(0, pair.answeredAtMs + answer.endsMs - now)
    switch (answer.state) {
      case 'warming': {
        const text = `has sent the ${answer.allowed ?? 0} recipients that its warm-up allows to ${pair.provider} on ${answer.day ?? 'this day'}`
        return { kind: 'none', endsMs, isDay: true, reason: text }
      }
      case 'early':
        return {
          kind: 'none',
          endsMs,
          isDay: true,
          reason: answer.reason ?? 'waits for the first day of its warm-up',
        }
      case 'paused':
        return {
          kind: 'none',
          endsMs,
          isDay: false,
          reason: `rests at ${pair.provider}: ${answer.reason ?? ''}`,
        }
      case 'lost':
        return { kind: 'none', endsMs: AWAY_MS, isDay: false, reason: 'this sender lost its lease' }
    }
  }

  /** One recipient's part. Asks the database where nothing is in hand; senders that ask for several at once share one question. */
  async function take(warmUp: WarmUp, provider: string, workspaceId: string): Promise<Allowance> {
    const pair = pairOf(warmUp, provider)
    if (pair === null)
      return { kind: 'none', endsMs: null, isDay: false, reason: 'too many warm-ups at once' }
    if (pair.workspaceIds.size < WORKSPACES_MAX) pair.workspaceIds.add(workspaceId)
    for (let tries = 0; tries < ROUNDS_MAX; tries += 1) {
      const found = known(pair)
      if (found !== null) return found
      pair.waiting += 1
      try {
        await ask()
      } finally {
        pair.waiting -= 1
      }
      if (isFailing)
        return {
          kind: 'none',
          endsMs: AWAY_MS,
          isDay: false,
          reason: 'its warm-up cannot be counted: the database is away',
        }
    }
    return { kind: 'none', endsMs: TELL_MS, isDay: false, reason: 'others took what was left of its warm-up' }
  }

  function checkLease(): void {
    const current = deps.leaseId()
    if (current === lease) return
    lease = current
    for (const pair of pairs.values())
      Object.assign(pair, { day: null, used: 0, open: 0, isTold: true, restUntilMs: -Infinity })
  }

  /** One question at a time; whoever comes meanwhile waits for the next. */
  async function ask(): Promise<void> {
    if (asking !== null) await asking
    asking ??= question().finally(() => {
      asking = null
    })
    await asking
  }

  async function question(): Promise<void> {
    checkLease()
    const current = lease
    const due = [...pairs.values()].filter((pair) => pair.waiting > 0 || !pair.isTold || pair.open > 0)
    if (due.length === 0) return
    const askedAtMs = deps.monotonicMs()
    const questions = due.map((pair) => {
      const isOver = askedAtMs >= pair.dayEndsAtMs
      const wish = wishOf(pair)
      const hold = isOver ? 0 : Math.min(pair.open, wish)
      pair.open = hold
      pair.recent = 0
      pair.isTold = true
      const workspaceIds = [...pair.workspaceIds]
      pair.workspaceIds.clear()
      return {
        source: pair.source,
        provider: pair.provider,
        start: pair.warmUp.start,
        ramp: pair.warmUp.ramp,
        day: pair.day,
        used: pair.used,
        hold,
        more: Math.max(0, wish - hold),
        workspaceIds,
      }
    })
    try {
      if (current === null) throw new Error('there is no lease')
      const answers = await deps.store.takeAllowance(current, (round += 1), questions)
      if (isFailing) deps.log.info('Warm-ups are counted again')
      isFailing = false
      if (current !== lease || deps.leaseId() !== lease) return
      for (const [index, pair] of due.entries()) {
        const [asked, answer] = [questions[index], answers[index]]
        if (asked !== undefined && answer !== undefined) apply(pair, asked, answer, askedAtMs)
      }
    } catch (error) {
      for (const [index, pair] of due.entries()) {
        pair.isTold = false
        for (const id of questions[index]?.workspaceIds ?? []) pair.workspaceIds.add(id)
      }
      if (!isFailing)
        deps.log.warn(
          { err: error },
          'Warm-ups cannot be counted; their sources send only what was counted before',
        )
      isFailing = true
    }
  }

  function apply(
    pair: Pair,
    asked: { readonly used: number; readonly hold: number },
    answer: AllowanceAnswer,
    askedAtMs: number,
  ): void {
    const meanwhile = pair.used - asked.used
    if (answer.day !== pair.day) {
      pair.day = answer.day
      // What was used while the question was under way is of the day that is over.
      pair.used = 0
      pair.open = answer.open
    } else {
      pair.open = Math.max(0, answer.open - meanwhile)
    }
    pair.answer = answer
    pair.answeredAtMs = askedAtMs
    if (answer.state === 'lost') {
      Object.assign(pair, { open: 0, restUntilMs: askedAtMs + AGAIN_AFTER_MS.lost })
      return
    }
    const endsAtMs = answer.endsMs === null ? Infinity : askedAtMs + answer.endsMs
    pair.dayEndsAtMs = answer.state === 'warming' ? endsAtMs : -Infinity
    if (pair.dayEndsAtMs === -Infinity) {
      pair.open = 0
      // What it held is still counted as its own: the next question says that it was not used.
      if (answer.state !== 'warm') pair.isTold = asked.hold === 0
    }
    const againMs = AGAIN_AFTER_MS[answer.state]
    pair.restUntilMs = pair.open > 0 ? -Infinity : Math.min(askedAtMs + againMs, endsAtMs)
  }

  return {
    take,

    /** A recipient that was granted one was not tried. Of a day that is over it is worth nothing any more. */
    giveBack(receipt: PickReceipt): void {
      const pair = pairs.get(`${receipt.source} ${receipt.provider}`)
      checkLease()
      if (pair === undefined || pair.day !== receipt.day || pair.used < receipt.count) return
      pair.used -= receipt.count
      pair.open += receipt.count
      pair.isTold = false
    },

    /** A pause began or ended somewhere: what was answered is asked for again. */
    forget(): void {
      for (const pair of pairs.values()) pair.restUntilMs = -Infinity
    },

    /** To be called every second or so. */
    async tell(): Promise<void> {
      const hasNews = [...pairs.values()].some((pair) => !pair.isTold || pair.open > 0)
      if (hasNews) await ask()
    },

    async end(): Promise<void> {
      await asking
      // Also where the lease was given up just now: what it opened is its own until somebody asks.
      const used = [...pairs.values()].filter((pair) => pair.day !== null)
      if (lease === null || used.length === 0) return
      for (const pair of used) pair.open = 0
      await deps.store.endAllowances(lease, used)
    },
  }
}

/** What a sender would hold: what waits for it, and as it used in about the last second twice over, but of that only a small part of the day. */
function wishOf(pair: Pair): number {
  const allowed = pair.answer?.state === 'warming' ? (pair.answer.allowed ?? 0) : 0
  const most = Math.max(WINDOW_MIN, Math.ceil(allowed * WINDOW_PART))
  return pair.waiting + Math.min(most, 2 * pair.recent)
}
