import type { Queryable } from '../../platform/postgres/index.ts'
import type { Settlement } from './schedule.ts'

export interface ClaimedMail {
  readonly id: string
  readonly workspace_id: string
  readonly route_id: string
  readonly content_id: string
  readonly envelope: Buffer
  readonly sealed: Buffer
  readonly attempts: number
  readonly received_at: Date
  readonly expires_at: Date
  readonly url: string
  readonly unparsed: boolean
  readonly secret: Buffer
}

/** Statements of the worker. They cross workspaces, so each is a function of the engine. */
export function createInboundDispatchStore(pool: Queryable) {
  return {
    async claim(request: {
      readonly limit: number
      readonly perRoute: number
      readonly leaseSeconds: number
      readonly flying: readonly string[]
    }): Promise<ClaimedMail[]> {
      const { rows } = await pool.query<ClaimedMail & Record<string, unknown>>(
        `select id, workspace_id, route_id, content_id, envelope, sealed, attempts, received_at, expires_at, url, unparsed, secret
         from engine.claim_inbound($1, $2, $3, $4::uuid[])`,
        [request.limit, request.perRoute, request.leaseSeconds, request.flying],
      )
      return rows
    },

    async settle({ workspace_id, id }: ClaimedMail, end: Settlement): Promise<void> {
      await pool.query(
        'select engine.settle_inbound($1, $2, $3, now() + make_interval(secs => $4::double precision / 1000), $5, $6)',
        [workspace_id, id, end.state, end.pauseMs, end.status, end.error],
      )
    },

    /** Gives a mail back untried, due again in `pauseMs`. */
    async release({ workspace_id, id }: ClaimedMail, pauseMs: number): Promise<void> {
      await pool.query(
        'select engine.release_inbound($1, $2, now() + make_interval(secs => $3::double precision / 1000))',
        [workspace_id, id, pauseMs],
      )
    },

    async trim(limit: number): Promise<number> {
      const { rows } = await pool.query<{ n: string }>('select engine.trim_inbound($1) as n', [limit])
      return Number(rows[0]?.n ?? 0)
    },
  }
}
