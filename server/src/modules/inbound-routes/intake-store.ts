import type { Queryable } from '../../platform/postgres/index.ts'

export interface RouteOfHost {
  readonly workspaceId: string
  readonly routeId: string
}

export interface KeptMail {
  readonly workspaceId: string
  readonly contentId: string
  readonly sealed: Buffer
  readonly sizeBytes: number
  readonly keptHours: number
  readonly mails: readonly {
    readonly id: string
    readonly routeId: string
    readonly digest: Buffer
    readonly envelope: Buffer
  }[]
}

/** Statements of the process that takes mail from outside; each is one function of the engine. */
export function createIntakeStore(pool: Queryable) {
  return {
    /** Null where nobody takes mail for the host name. */
    async routeOf(hostname: string): Promise<RouteOfHost | null> {
      const { rows } = await pool.query<{ workspace_id: string; route_id: string }>(
        'select workspace_id, route_id from engine.inbound_route_of($1)',
        [hostname],
      )
      const [row] = rows
      return row === undefined ? null : { workspaceId: row.workspace_id, routeId: row.route_id }
    },

    async keep(mail: KeptMail): Promise<'kept' | 'known' | 'full'> {
      const { rows } = await pool.query<{ result: 'kept' | 'known' | 'full' }>(
        `select engine.keep_inbound($1, $2, $3, $4, make_interval(hours => $5), $6, $7, $8, $9) as result`,
        [
          mail.workspaceId,
          mail.contentId,
          mail.sealed,
          mail.sizeBytes,
          mail.keptHours,
          mail.mails.map((item) => item.id),
          mail.mails.map((item) => item.routeId),
          mail.mails.map((item) => item.digest),
          mail.mails.map((item) => item.envelope),
        ],
      )
      const [row] = rows
      if (row === undefined) throw new Error('the database told nothing about a mail')
      return row.result
    },
  }
}
