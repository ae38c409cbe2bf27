import type { Database } from './database.ts'
import type { ContentKeyRow, DkimKeyRow } from './store.ts'

export type RotationScope = 'root' | 'workspace' | 'all'

export interface RotationRow {
  readonly id: string
  readonly scope: RotationScope
  readonly workspaceId: string | null
  readonly state: 'running' | 'done' | 'failed'
  readonly startedAt: Date
  readonly finishedAt: Date | null
  readonly total: number | null
  readonly done: number
  readonly rate: number | null
  readonly error: string | null
}

export interface WrappedByRoot {
  readonly rootId: string
  readonly wrapped: Buffer
  readonly version: number
}

export interface PurposeKeyOfWorkspace {
  readonly purpose: string
  readonly version: number
  readonly workspaceKeyVersion: number
  readonly wrapped: Buffer
  /** Made since the rotation began. */
  readonly isNew: boolean
  readonly isNewest: boolean
}

export type RotationStore = ReturnType<typeof createRotationStore>

const COLUMNS = `id, scope, workspace_id as "workspaceId", state, started_at as "startedAt", finished_at as "finishedAt",
  total::float8 as total, done::float8 as done, rate, error`

/** Statements of rotation. Each is harmless to repeat, so that a rotation goes on wherever it was killed. */
export function createRotationStore(database: Pick<Database, 'query' | 'transaction'>) {
  const { query } = database
  return {
    /** False where one is running already. */
    async add(
      id: string,
      scope: RotationScope,
      workspaceId: string | null,
      requestedBy: string,
    ): Promise<boolean> {
      const rows = await query(
        'add_rotation',
        `insert into keyring.rotation (id, scope, workspace_id, requested_by)
         values ($1, $2, $3, $4)
         on conflict ((true)) where state = 'running' do nothing
      returning id`,
        [id, scope, workspaceId, requestedBy],
      )
      return rows.length > 0
    },

    async newest(): Promise<RotationRow | undefined> {
      const rows = await query<RotationRow>(
        'newest_rotation',
        `select ${COLUMNS} from keyring.rotation order by (state = 'running') desc, started_at desc limit 1`,
        [],
      )
      return rows[0]
    },

    async progress(id: string, done: number, rate: number | null): Promise<void> {
      await query(
        'rotation_progress',
        `update keyring.rotation set done = greatest(done, $2), rate = $3, updated_at = now()
          where id = $1 and state = 'running'`,
        [id, done, rate],
      )
    },

    async setTotal(id: string, total: number): Promise<void> {
      await query('rotation_total', 'update keyring.rotation set total = $2 where id = $1', [id, total])
    },

    async finish(id: string, done: number, error: string | null): Promise<void> {
      await query(
        'finish_rotation',
        `update keyring.rotation
            set state = case when $3::text is null then 'done' else 'failed' end, error = $3, done = $2,
                finished_at = now(), updated_at = now()
          where id = $1 and state = 'running'`,
        [id, done, error],
      )
    },

    /** How many keys are left to make or wrap anew. */
    async countDue(
      rootId: string,
      job: Pick<RotationRow, 'scope' | 'workspaceId' | 'startedAt'>,
    ): Promise<number> {
      const rows = await query<{ due: number }>(
        'count_due',
        `select (case when $1 in ('root', 'all') then
                  (select count(*) from keyring.installation_key where root_id <> $2)
                + (select count(*) from keyring.workspace_key where wrapped is not null and root_id <> $2)
                 else 0 end
               + case when $1 in ('workspace', 'all') then
                  (select count(*) from keyring.purpose_key p where p.wrapped is not null and ($3::uuid is null or p.workspace_id = $3) and p.created_at < $4)
                + (select count(*) from keyring.content_key c where c.wrapped is not null and ($3::uuid is null or c.workspace_id = $3) and c.created_at < $4)
                + (select count(*) from keyring.dkim_key d where d.sealed_private is not null and ($3::uuid is null or d.workspace_id = $3) and d.created_at < $4)
                 else 0 end)::float8 as due`,
        [job.scope, rootId, job.workspaceId, job.startedAt],
      )
      return rows[0]?.due ?? 0
    },

    async installationKeysNotUnder(rootId: string): Promise<(WrappedByRoot & { name: string })[]> {
      return query<WrappedByRoot & { name: string }>(
        'installation_keys_not_under',
        `select name, version, root_id as "rootId", wrapped from keyring.installation_key where root_id <> $1`,
        [rootId],
      )
    },

    async rewrapInstallationKey(
      name: string,
      version: number,
      before: Buffer,
      rootId: string,
      wrapped: Buffer,
    ) {
      await query(
        'rewrap_installation_key',
        `update keyring.installation_key set root_id = $4, wrapped = $5
          where name = $1 and version = $2 and wrapped = $3`,
        [name, version, before, rootId, wrapped],
      )
    },

    async workspaceKeysNotUnder(
      rootId: string,
      limit: number,
    ): Promise<(WrappedByRoot & { workspaceId: string })[]> {
      return query<WrappedByRoot & { workspaceId: string }>(
        'workspace_keys_not_under',
        `select workspace_id as "workspaceId", version, root_id as "rootId", wrapped
           from keyring.workspace_key
          where root_id <> $1 and wrapped is not null
          limit $2`,
        [rootId, limit],
      )
    },

    async rewrapWorkspaceKey(
      workspaceId: string,
      version: number,
      before: Buffer,
      rootId: string,
      wrapped: Buffer,
    ) {
      await query(
        'rewrap_workspace_key',
        `update keyring.workspace_key set root_id = $4, wrapped = $5
          where workspace_id = $1 and version = $2 and wrapped = $3`,
        [workspaceId, version, before, rootId, wrapped],
      )
    },

    /** Workspaces with a living key that is older than `before`, or with versions left over, in the order of their ids. */
    async workspacesAfter(workspaceId: string, limit: number): Promise<string[]> {
      const rows = await query<{ workspaceId: string }>(
        'workspaces_after',
        `select distinct workspace_id as "workspaceId"
           from keyring.workspace_key
          where workspace_id > $1 and wrapped is not null
          order by 1
          limit $2`,
        [workspaceId, limit],
      )
      return rows.map((row) => row.workspaceId)
    },

    /** The newest version, whether it is newer than the rotation, and all that are not destroyed. */
    async workspaceKeyVersions(
      workspaceId: string,
      startedAt: Date,
    ): Promise<{ version: number; isNew: boolean; isDestroyed: boolean }[]> {
      return query<{ version: number; isNew: boolean; isDestroyed: boolean }>(
        'workspace_key_versions',
        `select version, created_at >= $2 as "isNew", wrapped is null as "isDestroyed"
           from keyring.workspace_key
          where workspace_id = $1
          order by version desc`,
        [workspaceId, startedAt],
      )
    },

    /** Not where the workspace was shredded meanwhile: the lock on the version before it tells. */
    async addWorkspaceKeyAfter(
      workspaceId: string,
      before: number,
      rootId: string,
      wrapped: Buffer,
    ): Promise<void> {
      await query(
        'add_workspace_key_after',
        `insert into keyring.workspace_key (workspace_id, version, root_id, wrapped)
         select $1::uuid, $2::integer + 1, $3::text, $4::bytea
           from (select 1 as one from keyring.workspace_key
                  where workspace_id = $1 and version = $2 and wrapped is not null
                    for share) as before
         on conflict do nothing`,
        [workspaceId, before, rootId, wrapped],
      )
    },

    async purposeKeysOf(workspaceId: string, startedAt: Date): Promise<PurposeKeyOfWorkspace[]> {
      return query<PurposeKeyOfWorkspace>(
        'purpose_keys_of',
        `select purpose, version, workspace_key_version as "workspaceKeyVersion", wrapped, created_at >= $2 as "isNew",
                version = max(version) over (partition by purpose) as "isNewest"
           from keyring.purpose_key
          where workspace_id = $1 and wrapped is not null
          order by purpose, version`,
        [workspaceId, startedAt],
      )
    },

    async rewrapPurposeKey(
      workspaceId: string,
      row: PurposeKeyOfWorkspace,
      aboveVersion: number,
      wrapped: Buffer,
    ): Promise<void> {
      await query(
        'rewrap_purpose_key',
        `update keyring.purpose_key set workspace_key_version = $5, wrapped = $6
          where workspace_id = $1 and purpose = $2 and version = $3 and wrapped = $4
            and exists (select 1 from keyring.workspace_key
                         where workspace_id = $1 and version = $5 and wrapped is not null)`,
        [workspaceId, row.purpose, row.version, row.wrapped, aboveVersion, wrapped],
      )
    },

    async addPurposeVersion(
      workspaceId: string,
      purpose: string,
      version: number,
      aboveVersion: number,
      wrapped: Buffer,
    ): Promise<void> {
      await query(
        'add_purpose_version',
        `insert into keyring.purpose_key (workspace_id, purpose, version, workspace_key_version, wrapped)
         select $1::uuid, $2::text, $3::integer, $4::integer, $5::bytea
           from (select 1 as one from keyring.workspace_key
                  where workspace_id = $1 and version = $4 and wrapped is not null
                    for share) as above
         on conflict do nothing`,
        [workspaceId, purpose, version, aboveVersion, wrapped],
      )
    },

    async contentKeysNotUnder(workspaceId: string, version: number, limit: number): Promise<ContentKeyRow[]> {
      return query<ContentKeyRow>(
        'content_keys_not_under',
        `select id, purpose_version as "purposeVersion", wrapped, spool_hour as "spoolHour", spool_id as "spoolId"
           from keyring.content_key
          where workspace_id = $1 and purpose_version < $2 and wrapped is not null
          limit $3`,
        [workspaceId, version, limit],
      )
    },

    async rewrapContentKeys(
      rows: readonly { id: string; before: Buffer; version: number; wrapped: Buffer }[],
    ): Promise<void> {
      await query(
        'rewrap_content_keys',
        `update keyring.content_key c set purpose_version = n.version, wrapped = n.wrapped
           from unnest($1::uuid[], $2::bytea[], $3::integer[], $4::bytea[]) as n(id, before, version, wrapped)
          where c.id = n.id and c.wrapped = n.before`,
        [
          rows.map((row) => row.id),
          rows.map((row) => row.before),
          rows.map((row) => row.version),
          rows.map((row) => row.wrapped),
        ],
      )
    },

    async dkimKeysNotUnder(workspaceId: string, version: number, limit: number): Promise<DkimKeyRow[]> {
      return query<DkimKeyRow>(
        'dkim_keys_not_under',
        `select id, workspace_id as "workspaceId", domain, selector, algorithm, purpose_version as "purposeVersion",
                sealed_private as "sealedPrivate", public_key as "publicKey"
           from keyring.dkim_key
          where workspace_id = $1 and purpose_version < $2 and sealed_private is not null
          limit $3`,
        [workspaceId, version, limit],
      )
    },

    async rewrapDkimKey(id: string, before: Buffer, version: number, sealed: Buffer): Promise<void> {
      await query(
        'rewrap_dkim_key',
        `update keyring.dkim_key set purpose_version = $3, sealed_private = $4
          where id = $1 and sealed_private = $2`,
        [id, before, version, sealed],
      )
    },

    /**
     * Destroys a version that wraps nothing any more. Two statements: the row is locked first, so that what another keyring stores under
     * it at this moment is either seen by the second one or refused. Returns whether it was destroyed.
     */
    retirePurposeKey(workspaceId: string, purpose: 'content' | 'dkim', version: number): Promise<boolean> {
      const below =
        purpose === 'content'
          ? `select 1 from keyring.content_key b where b.workspace_id = $1 and b.purpose_version = $3 and b.wrapped is not null`
          : `select 1 from keyring.dkim_key b where b.workspace_id = $1 and b.purpose_version = $3 and b.sealed_private is not null`
      return database.transaction('retire_purpose_key', async (inside) => {
        await inside(
          'lock_purpose_key',
          `select 1 from keyring.purpose_key where workspace_id = $1 and purpose = $2 and version = $3 for update`,
          [workspaceId, purpose, version],
        )
        const rows = await inside(
          `retire_purpose_key_${purpose}`,
          `update keyring.purpose_key set wrapped = null, destroyed_at = now()
            where workspace_id = $1 and purpose = $2 and version = $3 and wrapped is not null
              and not exists (${below})
        returning version`,
          [workspaceId, purpose, version],
        )
        return rows.length > 0
      })
    },

    /** The same for a workspace key. */
    retireWorkspaceKey(workspaceId: string, version: number): Promise<boolean> {
      return database.transaction('retire_workspace_key', async (inside) => {
        await inside(
          'lock_workspace_key',
          `select 1 from keyring.workspace_key where workspace_id = $1 and version = $2 for update`,
          [workspaceId, version],
        )
        const rows = await inside(
          'retire_workspace_key',
          `update keyring.workspace_key set wrapped = null, destroyed_at = now()
            where workspace_id = $1 and version = $2 and wrapped is not null
              and not exists (select 1 from keyring.purpose_key b
                               where b.workspace_id = $1 and b.workspace_key_version = $2 and b.wrapped is not null)
        returning version`,
          [workspaceId, version],
        )
        return rows.length > 0
      })
    },
  }
}
