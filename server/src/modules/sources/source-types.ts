import type { Lane } from '../../kernel/lane.ts'
import type { Source, SourcePlan } from './plan.ts'

/** Mail that needs a source. */
export interface PickWanted {
  readonly workspaceId: string
  readonly lane: Lane
  /** Of the site, as shaping names it; null: none. */
  readonly provider: string | null
  /** Recipients that will be tried with it; each counts towards a warm-up. Default 1. */
  readonly recipients?: number
}

/** `source`: use it; `receipt` gives back what is not used. `wait`: nothing may be used before `untilMs` (as deps.nowMs counts). */
export type Pick =
  | { readonly kind: 'source'; readonly source: Source; readonly receipt: PickReceipt | null }
  | { readonly kind: 'wait'; readonly untilMs: number; readonly reason: string }

/** What was taken of a day's allowance. */
export interface PickReceipt {
  readonly source: string
  readonly provider: string
  readonly day: string
  readonly count: number
}

/** A reply that a source got. */
export interface SourceReply {
  readonly source: string
  readonly provider: string | null
  /** Whose reply it is. Absent: not known, and all of those are one. */
  readonly site?: string | null
  readonly workspaceId: string
  readonly code: number
  readonly enhanced: string | null
  readonly text: string
}

export interface Sources extends AsyncDisposable {
  /**
   * The source for one job. Asks the database only where a warm-up's allowance in hand is used up (one round trip); otherwise the
   * promise is resolved at once. Never rejects: where the database is away, warming sources are not used.
   */
  pick(wanted: PickWanted): Promise<Pick>
  /** The job was not tried: what it took of a day's allowance is free again. Once for each pick. */
  giveBack(receipt: PickReceipt): void
  /** Every reply of 4xx and 5xx; cheap where no warm-up is concerned. */
  observe(reply: SourceReply): void
  /**
   * A connection could not be bound to the source's address, so nobody was asked anything: until this host looks again (10 s) the others
   * of its pool have its mail.
   */
  couldNotBind(source: Source, cause: string): void
  /** The file was read again. */
  replacePlan(plan: SourcePlan): void
  state(): Readonly<Record<string, unknown>>
}

/** What a sender does with its part of a limit. */
export interface ShareUse {
  /** Units that are in use and cannot be dropped at once, such as open connections: a share is never cut below them. Default 0. */
  readonly inUse?: number
  /** Units that could be used now, `inUse` included. Default: the whole limit. */
  readonly need?: number
}

export interface Budgets extends AsyncDisposable {
  /**
   * How many units of a limit that all senders share this one may use now: whole, at most `limit`. A key that was not asked for
   * lately answers 0 and its share within one round trip (`onGrown`); keys that nobody asks for any more are given back.
   */
  share(key: string, limit: number, use?: ShareUse): number
  /** Resolves when the key's first answer is there, or at once where it is. For callers that would rather wait than poll. */
  known(key: string): Promise<void>
  /** Every shared limit, what this sender may use of it now and what it uses. */
  shares(): readonly {
    readonly key: string
    readonly limit: number
    readonly held: number
    readonly inUse: number
  }[]
  state(): Readonly<Record<string, unknown>>
}
