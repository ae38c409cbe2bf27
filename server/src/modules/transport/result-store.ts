import type { Queryable } from '../../platform/postgres/index.ts'
import type { TlsPolicyType } from './verdict.ts'

/** Sessions that were alike on one day. */
export interface CountedRow {
  /** Hash of all the rest but the number, hexadecimal. */
  readonly key: string
  /** `2026-11-22`, of UTC. */
  readonly day: string
  readonly domain: string
  readonly policyType: TlsPolicyType
  readonly policyStrings: readonly string[]
  readonly mxPatterns: readonly string[]
  /** `success`, or a result type of RFC 8460 §4.3. */
  readonly result: string
  readonly mxHost: string | null
  readonly receiver: string | null
  readonly source: string | null
  readonly sessions: number
}

export interface ResultStore {
  /** Adds to what other senders counted. At most 500 rows at once. */
  add(rows: readonly CountedRow[]): Promise<void>
}

export function createResultStore(pool: Queryable): ResultStore {
  return {
    async add(rows) {
      if (rows.length > 0) await pool.query('select engine.count_tls($1::jsonb)', [JSON.stringify(rows)])
    },
  }
}
