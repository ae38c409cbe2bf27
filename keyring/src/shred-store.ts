import type { Database } from './database.ts'

export type ShredState = 'pending' | 'cancelled' | 'shredding' | 'shredded'

export interface ShredRow {
  readonly workspaceId: string
  readonly requestedBy: string
  readonly requestedAt: Date
  readonly executeAt: Date
  readonly state: ShredState
  readonly decidedBy: string | null
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
}

export type ShredStore = ReturnType<typeof createShredStore>

const COLUMNS = `workspace_id as "workspaceId", requested_by as "requestedBy", requested_at as "requestedAt",
  execute_at as "executeAt", state, decided_by as "decidedBy", started_at as "startedAt", finished_at as "finishedAt"`

/** Workspaces to be shredded. */
export function createShredStore(deps: { database: Database }) {
  const { database } = deps
  return {
    /** Asks for it; a request that is pending keeps its time, one that was cancelled begins anew. */
    async request(
      workspaceId: string,
      requestedBy: string,
      delayHours: number,
    ): Promise<ShredRow | undefined> {
      await database.query(
        'request_shred',
        `insert into keyring.shred as s (workspace_id, requested_by, execute_at)
         values ($1, $2, now() + make_interval(secs => $3::float8 * 3600))
         on conflict (workspace_id) do update
            set requested_by = excluded.requested_by, requested_at = now(), execute_at = excluded.execute_at,
                state = 'pending', decided_by = null
          where s.state = 'cancelled'`,
        [workspaceId, requestedBy, delayHours],
      )
      return this.find(workspaceId)
    },

    async find(workspaceId: string): Promise<ShredRow | undefined> {
      const rows = await database.query<ShredRow>(
        'find_shred',
        `select ${COLUMNS} from keyring.shred where workspace_id = $1`,
        [workspaceId],
      )
      return rows[0]
    },

    /** False where there is nothing pending: never asked for, cancelled already, or too late. */
    async cancel(workspaceId: string, decidedBy: string): Promise<boolean> {
      const rows = await database.query(
        'cancel_shred',
        `update keyring.shred set state = 'cancelled', decided_by = $2
          where workspace_id = $1 and state = 'pending'
      returning workspace_id`,
        [workspaceId, decidedBy],
      )
      return rows.length > 0
    },

    /** The latest requests first. */
    async list(limit: number): Promise<ShredRow[]> {
      return database.query<ShredRow>(
        'list_shreds',
        `select ${COLUMNS} from keyring.shred order by requested_at desc limit $1`,
        [limit],
      )
    },

    /** Workspaces whose keys were destroyed at or after `since`. */
    async startedSince(since: Date, limit: number): Promise<{ workspaceId: string; startedAt: Date }[]> {
      return database.query<{ workspaceId: string; startedAt: Date }>(
        'shreds_started_since',
        `select workspace_id as "workspaceId", started_at as "startedAt"
           from keyring.shred
          where started_at >= $1
          order by started_at
          limit $2`,
        [since, limit],
      )
    },

    /**
     * Begins with one workspace whose time has come, or goes on with one: destroys its workspace keys, from which moment nothing opens.
     * A workspace that never had a key gets a destroyed one, so that it never has one. Null where nothing is due.
     */
    async begin(): Promise<string | null> {
      return database.transaction('begin_shred', async (query) => {
        const due = await query<{ workspaceId: string }>(
          'due_shred',
          `select workspace_id as "workspaceId" from keyring.shred
            where state in ('pending', 'shredding') and execute_at <= now()
            order by execute_at
            limit 1
              for update skip locked`,
          [],
        )
        const workspaceId = due[0]?.workspaceId
        if (workspaceId === undefined) return null
        await query(
          'start_shred',
          `update keyring.shred set state = 'shredding', started_at = coalesce(started_at, clock_timestamp())
            where workspace_id = $1`,
          [workspaceId],
        )
        // Again until nothing is left: a statement that waited for a rotation does not see the version which that one added. Each
        // round holds the newest version it saw, and nobody adds one after a version that is held.
        for (let destroyed = 1; destroyed > 0;) {
          const rows = await query(
            'destroy_workspace_keys',
            `update keyring.workspace_key set wrapped = null, destroyed_at = now()
              where workspace_id = $1 and wrapped is not null
          returning version`,
            [workspaceId],
          )
          destroyed = rows.length
        }
        await query(
          'bury_workspace',
          `insert into keyring.workspace_key (workspace_id, version, root_id, wrapped, destroyed_at)
           select $1, 1, 'none', null, now()
            where not exists (select 1 from keyring.workspace_key where workspace_id = $1)`,
          [workspaceId],
        )
        return workspaceId
      })
    },

    /** Destroys what the workspace key wrapped; at most `limit` content keys at a time. Returns whether there may be more. */
    async destroyBelow(workspaceId: string, limit: number): Promise<boolean> {
      // Purpose keys first: whoever stores a key holds the one above, so that nothing is added behind the statements that follow.
      await database.query(
        'shred_purpose_keys',
        `update keyring.purpose_key set wrapped = null, destroyed_at = now()
          where workspace_id = $1 and wrapped is not null`,
        [workspaceId],
      )
      const content = await database.query(
        'shred_content_keys',
        `update keyring.content_key set wrapped = null, destroyed_at = now()
          where id in (select id from keyring.content_key where workspace_id = $1 and wrapped is not null limit $2)
      returning id`,
        [workspaceId, limit],
      )
      await database.query(
        'shred_dkim_keys',
        `update keyring.dkim_key set sealed_private = null, state = 'destroyed'
          where workspace_id = $1 and sealed_private is not null`,
        [workspaceId],
      )
      return content.length === limit
    },

    async finish(workspaceId: string): Promise<void> {
      await database.query(
        'finish_shred',
        `update keyring.shred set state = 'shredded', finished_at = now()
          where workspace_id = $1 and state = 'shredding'`,
        [workspaceId],
      )
    },
  }
}
