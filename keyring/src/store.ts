import { DatabaseError, Pool } from 'pg'
import type { QueryResultRow } from 'pg'
import { describeError } from './log.ts'
import type { Log } from './log.ts'
import { Refusal } from './refusal.ts'

export interface InstallationKeyRow {
  readonly rootId: string
  readonly wrapped: Buffer
}

export interface WorkspaceKeyRow {
  readonly version: number
  readonly rootId: string
  readonly wrapped: Buffer | null
}

export interface PurposeKeyRow {
  readonly version: number
  readonly workspaceKeyVersion: number
  readonly wrapped: Buffer
}

export interface ContentKeyRow {
  readonly id: string
  readonly purposeVersion: number
  readonly wrapped: Buffer | null
}

export interface DkimKeyRow {
  readonly id: string
  readonly workspaceId: string
  readonly domain: string
  readonly selector: string
  readonly algorithm: 'rsa' | 'ed25519'
  readonly purposeVersion: number
  readonly sealedPrivate: Buffer | null
  readonly publicKey: string
}

export interface UnwrapRecord {
  readonly process: string
  readonly workspaceId: string
  readonly purpose: string
  readonly keyCount: number
  readonly reason: string
}

/** How long no connection is tried after one failed. */
const AWAY_PAUSE_MS = 250

export type Store = ReturnType<typeof createStore>

const DKIM_COLUMNS = `id, workspace_id as "workspaceId", domain, selector, algorithm,
  purpose_version as "purposeVersion", sealed_private as "sealedPrivate", public_key as "publicKey"`

/**
 * The schema `keyring`. Every call is bounded in time and turns the database's failures into `unavailable`: the asker may come
 * again. Rows that two keyrings make at once are settled by the primary key: the first insert wins and both read it.
 */
export function createStore(deps: { databaseUrl: string; log: Log }) {
  const pool = new Pool({
    connectionString: deps.databaseUrl,
    application_name: 'bulkhead-keyring',
    max: 4,
    connectionTimeoutMillis: 3000,
    query_timeout: 4000,
    statement_timeout: 4000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
  })
  // Without listeners, a connection that breaks would end the process: the pool's covers idle ones, the client's those in use.
  pool.on('error', (error) =>
    deps.log('warn', 'A database connection broke', { error: describeError(error) }),
  )
  pool.on('connect', (client) => client.on('error', () => undefined))
  let awayUntilMs = 0

  async function run<R extends QueryResultRow>(name: string, text: string, values: unknown[]): Promise<R[]> {
    const client = await pool.connect()
    try {
      const result = await client.query<R>({ name, text, values })
      client.release()
      return result.rows
    } catch (error) {
      // After a time-out the connection may be dead without a sign, so it is not used again.
      client.release(!(error instanceof DatabaseError))
      throw error
    }
  }

  async function query<R extends QueryResultRow>(
    name: string,
    text: string,
    values: unknown[],
  ): Promise<R[]> {
    if (Date.now() < awayUntilMs) throw new Refusal('unavailable', 'The keyring cannot reach its database')
    try {
      return await run<R>(name, text, values)
    } catch (error) {
      // A database that swallows connections must not make every request wait for the same time-out.
      if (!(error instanceof DatabaseError)) awayUntilMs = Date.now() + AWAY_PAUSE_MS
      deps.log('warn', 'The database did not answer', { statement: name, error: describeError(error) })
      throw new Refusal('unavailable', 'The keyring cannot reach its database', error)
    }
  }

  return {
    async ping(): Promise<void> {
      await query('ping', 'select 1 from keyring.installation_key limit 1', [])
    },

    async installationKey(name: string, version: number): Promise<InstallationKeyRow | undefined> {
      const rows = await query<InstallationKeyRow>(
        'installation_key',
        `select root_id as "rootId", wrapped
           from keyring.installation_key
          where name = $1 and version = $2`,
        [name, version],
      )
      return rows[0]
    },

    async addInstallationKey(name: string, version: number, row: InstallationKeyRow): Promise<void> {
      await query(
        'add_installation_key',
        `insert into keyring.installation_key (name, version, root_id, wrapped)
         values ($1, $2, $3, $4)
         on conflict do nothing`,
        [name, version, row.rootId, row.wrapped],
      )
    },

    /** The named version, or the newest where none is named. */
    async workspaceKey(workspaceId: string, version: number | null): Promise<WorkspaceKeyRow | undefined> {
      const rows = await query<WorkspaceKeyRow>(
        'workspace_key',
        `select version, root_id as "rootId", wrapped
           from keyring.workspace_key
          where workspace_id = $1 and ($2::integer is null or version = $2)
          order by version desc
          limit 1`,
        [workspaceId, version],
      )
      return rows[0]
    },

    async addWorkspaceKey(workspaceId: string, row: WorkspaceKeyRow): Promise<void> {
      await query(
        'add_workspace_key',
        `insert into keyring.workspace_key (workspace_id, version, root_id, wrapped)
         values ($1, $2, $3, $4)
         on conflict do nothing`,
        [workspaceId, row.version, row.rootId, row.wrapped],
      )
    },

    /** The named version, or the newest where none is named. */
    async purposeKey(
      workspaceId: string,
      purpose: string,
      version: number | null,
    ): Promise<PurposeKeyRow | undefined> {
      const rows = await query<PurposeKeyRow>(
        'purpose_key',
        `select version, workspace_key_version as "workspaceKeyVersion", wrapped
           from keyring.purpose_key
          where workspace_id = $1 and purpose = $2 and ($3::integer is null or version = $3)
          order by version desc
          limit 1`,
        [workspaceId, purpose, version],
      )
      return rows[0]
    },

    async addPurposeKey(workspaceId: string, purpose: string, row: PurposeKeyRow): Promise<void> {
      await query(
        'add_purpose_key',
        `insert into keyring.purpose_key (workspace_id, purpose, version, workspace_key_version, wrapped)
         values ($1, $2, $3, $4, $5)
         on conflict do nothing`,
        [workspaceId, purpose, row.version, row.workspaceKeyVersion, row.wrapped],
      )
    },

    async addContentKey(row: ContentKeyRow & { workspaceId: string; singleUse: boolean }): Promise<void> {
      await query(
        'add_content_key',
        `insert into keyring.content_key (id, workspace_id, purpose_version, single_use, wrapped)
         values ($1, $2, $3, $4, $5)`,
        [row.id, row.workspaceId, row.purposeVersion, row.singleUse, row.wrapped],
      )
    },

    async contentKeys(workspaceId: string, ids: readonly string[]): Promise<ContentKeyRow[]> {
      return query<ContentKeyRow>(
        'content_keys',
        `select id, purpose_version as "purposeVersion", wrapped
           from keyring.content_key
          where workspace_id = $1 and id = any($2::uuid[])`,
        [workspaceId, ids],
      )
    },

    /** Returns how many keys were destroyed now; keys that are gone already do not count. */
    async destroyContentKeys(ids: readonly string[]): Promise<number> {
      const rows = await query(
        'destroy_content_keys',
        `update keyring.content_key
            set wrapped = null, destroyed_at = now()
          where id = any($1::uuid[]) and wrapped is not null
      returning id`,
        [ids],
      )
      return rows.length
    },

    async addDkimKey(row: DkimKeyRow): Promise<void> {
      await query(
        'add_dkim_key',
        `insert into keyring.dkim_key
           (id, workspace_id, domain, selector, algorithm, purpose_version, sealed_private, public_key)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (workspace_id, domain, selector) do nothing`,
        [
          row.id,
          row.workspaceId,
          row.domain,
          row.selector,
          row.algorithm,
          row.purposeVersion,
          row.sealedPrivate,
          row.publicKey,
        ],
      )
    },

    async dkimKeyBySelector(
      workspaceId: string,
      domain: string,
      selector: string,
    ): Promise<DkimKeyRow | undefined> {
      const rows = await query<DkimKeyRow>(
        'dkim_key_by_selector',
        `select ${DKIM_COLUMNS}
           from keyring.dkim_key
          where workspace_id = $1 and domain = $2 and selector = $3`,
        [workspaceId, domain, selector],
      )
      return rows[0]
    },

    async dkimKeys(ids: readonly string[]): Promise<DkimKeyRow[]> {
      return query<DkimKeyRow>(
        'dkim_keys',
        `select ${DKIM_COLUMNS}
           from keyring.dkim_key
          where id = any($1::uuid[])`,
        [ids],
      )
    },

    async recordUnwraps(records: readonly UnwrapRecord[]): Promise<void> {
      await query(
        'record_unwraps',
        `insert into keyring.unwrap_log (process, workspace_id, purpose, key_count, reason)
         select * from unnest($1::text[], $2::uuid[], $3::text[], $4::integer[], $5::text[])`,
        [
          records.map((record) => record.process),
          records.map((record) => record.workspaceId),
          records.map((record) => record.purpose),
          records.map((record) => record.keyCount),
          records.map((record) => record.reason),
        ],
      )
    },

    async close(): Promise<void> {
      await pool.end()
    },
  }
}
