import type { Lane } from '../../kernel/lane.ts'
import { LANES } from '../../kernel/lane.ts'
import type { Pool } from '../../platform/postgres/index.ts'

/** What a sender keeps of a limit and what it could use. */
export interface ShareQuestion {
  readonly key: string
  readonly limit: number
  readonly keep: number
  readonly want: number
}

export interface ShareAnswer {
  readonly key: string
  readonly amount: number
  /** The fair part: who has more is to lower itself. */
  readonly target: number
  /** From the asking on. */
  readonly lastsMs: number
}

/** What a sender has used of a day's allowance, holds of it, and would like besides. */
export interface AllowanceQuestion {
  readonly source: string
  readonly provider: string
  readonly start: string
  readonly ramp: readonly number[]
  /** The day that `used` and `hold` are of; null: none yet. */
  readonly day: string | null
  readonly used: number
  readonly hold: number
  readonly more: number
  readonly workspaceIds: readonly string[]
}

/** `lost`: the lease is over, or a later question was answered. */
export interface AllowanceAnswer {
  readonly state: 'warming' | 'warm' | 'early' | 'paused' | 'lost'
  readonly day: string | null
  /** What may be used from now on, until the day ends. */
  readonly open: number
  /** The day's number for all senders; null: there is none any more. */
  readonly allowed: number | null
  /** What all senders have taken of it. */
  readonly taken: number
  /** Until the day, the pause or the wait ends; null: nobody knows. */
  readonly endsMs: number | null
  readonly reason: string | null
}

/** A source as a host knows it. */
export interface SourceSighting {
  readonly source: string
  readonly ehlo: string
  readonly addresses: readonly string[]
  readonly weight: number
  readonly pools: readonly string[]
  readonly usable: boolean
  readonly why: string | null
}

export interface PauseInForce {
  readonly source: string
  /** Null: everywhere. */
  readonly provider: string | null
  readonly reason: string
  /** Null: until it is resumed. */
  readonly endsMs: number | null
}

export interface Heard {
  readonly routing: number
  readonly pauses: readonly PauseInForce[]
  /** Pools that have a usable source on some host. */
  readonly pools: readonly string[]
}

export interface Route {
  readonly workspaceId: string
  readonly lane: Lane
  readonly pool: string
}

/** Replies that speak against a warming source, since the last telling. */
export interface TroubleTally {
  readonly source: string
  readonly provider: string
  readonly rule: string
  readonly hits: number
  readonly workspaceIds: readonly string[]
  readonly sites: readonly string[]
  readonly evidence: readonly Readonly<Record<string, unknown>>[]
}

export type SourcesStore = ReturnType<typeof createSourcesStore>

/** The statements of senders about sources; each is one call of a function of the engine, without a transaction around it. */
export function createSourcesStore(pool: Pool) {
  return {
    /** No answer for a key: the lease is over, or a later question came first. */
    async shareBudgets(
      lease: string,
      round: number,
      questions: readonly ShareQuestion[],
    ): Promise<ShareAnswer[]> {
      const { rows } = await pool.query<{
        budget: string
        amount: number
        target: number
        lasts_ms: number
      }>('select budget, amount, target, lasts_ms from engine.share_budgets($1, $2, $3, $4, $5, $6)', [
        lease,
        round,
        questions.map((item) => item.key),
        questions.map((item) => item.limit),
        questions.map((item) => item.keep),
        questions.map((item) => item.want),
      ])
      return rows.map((row) => ({
        key: row.budget,
        amount: row.amount,
        target: row.target,
        lastsMs: row.lasts_ms,
      }))
    },

    /** Answers in the order of the questions. */
    async takeAllowance(
      lease: string,
      round: number,
      questions: readonly AllowanceQuestion[],
    ): Promise<AllowanceAnswer[]> {
      const { rows } = await pool.query<{
        state: AllowanceAnswer['state']
        day: string | null
        open: number
        allowed: number | null
        taken: number
        ends_ms: number | null
        reason: string | null
      }>(
        `select state, day, open, allowed, taken, ends_ms, reason
         from engine.take_allowance($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         order by item`,
        [
          lease,
          round,
          questions.map((item) => item.source),
          questions.map((item) => item.provider),
          questions.map((item) => item.start),
          questions.map((item) => `{${item.ramp.join(',')}}`),
          questions.map((item) => item.day),
          questions.map((item) => item.used),
          questions.map((item) => item.hold),
          questions.map((item) => item.more),
          questions.map((item) => `{${item.workspaceIds.join(',')}}`),
        ],
      )
      return rows.map(({ ends_ms: endsMs, ...row }) => ({ ...row, endsMs }))
    },

    async endAllowances(
      lease: string,
      used: readonly Pick<AllowanceQuestion, 'source' | 'provider' | 'day' | 'used'>[],
    ): Promise<void> {
      await pool.query('select engine.end_allowances($1, $2, $3, $4, $5)', [
        lease,
        used.map((item) => item.source),
        used.map((item) => item.provider),
        used.map((item) => item.day),
        used.map((item) => item.used),
      ])
    },

    /** Tells what this host makes of the file, or with null tells nothing, and hears what others decided. */
    async beat(host: string, sightings: readonly SourceSighting[] | null): Promise<Heard> {
      const told =
        sightings === null
          ? null
          : JSON.stringify(sightings.map(({ addresses, ...item }) => ({ ...item, local_ips: addresses })))
      const { rows } = await pool.query<{ routing: number; pauses: string; pools: string[] }>(
        'select routing, pauses, pools from engine.beat_sources($1, $2)',
        [host, told],
      )
      const row = rows[0]
      if (row === undefined) throw new Error('engine.beat_sources answered nothing')
      // Written by the function in this shape.
      const pauses: PauseInForce[] = JSON.parse(row.pauses)
      return { routing: row.routing, pauses, pools: row.pools }
    },

    async readRouting(): Promise<Route[]> {
      const { rows } = await pool.query<{ workspace_id: string; lane: string; pool: string }>(
        'select workspace_id, lane, pool from engine.read_routing()',
      )
      return rows.flatMap((row) => {
        const lane = LANES.find((item) => item === row.lane)
        return lane === undefined ? [] : [{ workspaceId: row.workspace_id, lane, pool: row.pool }]
      })
    },

    /** Notes what was counted and judges all warming sources by the rules; answers those that rest from now on. */
    async judge(
      tallies: readonly TroubleTally[],
      rules: readonly object[],
    ): Promise<{ readonly source: string; readonly provider: string; readonly reason: string }[]> {
      const { rows } = await pool.query<{ source: string; provider: string; reason: string }>(
        'select source, provider, reason from engine.judge_sources($1, $2, $3, $4, $5, $6, $7, $8)',
        [
          tallies.map((item) => item.source),
          tallies.map((item) => item.provider),
          tallies.map((item) => item.rule),
          tallies.map((item) => item.hits),
          tallies.map((item) => `{${item.workspaceIds.join(',')}}`),
          tallies.map((item) => JSON.stringify(item.sites)),
          tallies.map((item) => JSON.stringify(item.evidence)),
          JSON.stringify(rules),
        ],
      )
      return rows
    },

    async trim(): Promise<void> {
      await pool.query('select engine.trim_sources()')
    },
  }
}
