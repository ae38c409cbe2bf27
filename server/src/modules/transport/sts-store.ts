import type { Queryable } from '../../platform/postgres/index.ts'
import type { StsPolicy } from './sts-policy.ts'

/** A policy that is in force. */
export interface KnownPolicy {
  readonly domain: string
  readonly id: string
  readonly policy: StsPolicy
  /** Its refresh is due for more than an hour: no worker does it. */
  readonly overdue: boolean
}

/** The cache of MTA-STS policies that all senders share. Its clock is the database's. */
export interface StsStore {
  find(domain: string): Promise<KnownPolicy | null>
  save(domain: string, id: string, policy: StsPolicy): Promise<void>
  noteFailure(domain: string, problem: string): Promise<void>
  /** Takes policies that are in use and due, each for five minutes; drops those that ended. */
  claimRefresh(limit: number): Promise<KnownPolicy[]>
  /** Drops reports and counts that are kept no longer. For the worker. */
  trim(): Promise<void>
}

interface PolicyRow extends Record<string, unknown> {
  domain: string
  policy_id: string
  mode: StsPolicy['mode']
  max_age: number
  mx: string[]
  overdue: boolean
}

/** Installation-wide: the functions need no workspace. */
export function createStsStore(pool: Queryable): StsStore {
  return {
    async find(domain) {
      const { rows } = await pool.query<PolicyRow>(
        'select domain, policy_id, mode, max_age, mx, overdue from engine.find_sts_policy($1)',
        [domain],
      )
      return rows[0] === undefined ? null : known(rows[0])
    },
    async save(domain, id, policy) {
      await pool.query('select engine.save_sts_policy($1, $2, $3, $4, $5)', [
        domain,
        id,
        policy.mode,
        policy.maxAgeSeconds,
        policy.mx,
      ])
    },
    async noteFailure(domain, problem) {
      await pool.query('select engine.note_sts_failure($1, $2)', [domain, problem])
    },
    async claimRefresh(limit) {
      const { rows } = await pool.query<PolicyRow>(
        'select domain, policy_id, mode, max_age, mx, overdue from engine.claim_sts_refresh($1)',
        [limit],
      )
      return rows.map(known)
    },
    async trim() {
      await pool.query('select engine.trim_transport()')
    },
  }
}

function known(row: PolicyRow): KnownPolicy {
  return {
    domain: row.domain,
    id: row.policy_id,
    policy: { mode: row.mode, maxAgeSeconds: row.max_age, mx: row.mx },
    overdue: row.overdue,
  }
}
