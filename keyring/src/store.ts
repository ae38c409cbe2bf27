import type { Database } from './database.ts'

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
  readonly wrapped: Buffer | null
}

export interface ContentKeyRow {
  readonly id: string
  readonly purposeVersion: number
  /** Hours since 1970; null for a key that no spool key wraps. */
  readonly spoolHour: number | null
  /** Which spool; null with `spoolHour`. */
  readonly spoolId: string | null
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

export type Store = ReturnType<typeof createStore>

const DKIM_COLUMNS = `id, workspace_id as "workspaceId", domain, selector, algorithm,
  purpose_version as "purposeVersion", sealed_private as "sealedPrivate", public_key as "publicKey"`

/**
 * The keys of the schema `keyring`. Rows that two keyrings make at once are settled by the primary key: the first insert wins and both
 * read it. A key is stored under another one only while that one is not destroyed: the lock on its row makes "nothing is wrapped by
 * it any more" a fact at the moment of destruction.
 */
export function createStore(deps: { database: Pick<Database, 'query'> }) {
  const { query } = deps.database

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
         select $1::uuid, $2::text, $3::integer, $4::integer, $5::bytea
           from (select 1 as one from keyring.workspace_key
                  where workspace_id = $1 and version = $4 and wrapped is not null
                    for share) as above
         on conflict do nothing`,
        [workspaceId, purpose, row.version, row.workspaceKeyVersion, row.wrapped],
      )
    },

    /** False where the purpose key was destroyed meanwhile: the caller takes the newest and tries again. */
    async addContentKey(row: ContentKeyRow & { workspaceId: string; singleUse: boolean }): Promise<boolean> {
      const rows = await query(
        'add_content_key',
        `insert into keyring.content_key (id, workspace_id, purpose_version, single_use, wrapped, spool_hour, spool_id)
         select $1::uuid, $2::uuid, $3::integer, $4::boolean, $5::bytea, $6::integer, $7::text
           from (select 1 as one from keyring.purpose_key
                  where workspace_id = $2 and purpose = 'content' and version = $3 and wrapped is not null
                    for share) as above
      returning id`,
        [row.id, row.workspaceId, row.purposeVersion, row.singleUse, row.wrapped, row.spoolHour, row.spoolId],
      )
      return rows.length > 0
    },

    async contentKeys(workspaceId: string, ids: readonly string[]): Promise<ContentKeyRow[]> {
      return query<ContentKeyRow>(
        'content_keys',
        `select id, purpose_version as "purposeVersion", wrapped, spool_hour as "spoolHour", spool_id as "spoolId"
           from keyring.content_key
          where workspace_id = $1 and id = any($2::uuid[])`,
        [workspaceId, ids],
      )
    },

    /**
     * Destroys keys of single messages of a workspace; keys that many values share are not among them. Returns how many were destroyed
     * now; keys that are gone already do not count.
     */
    async destroyContentKeys(workspaceId: string, ids: readonly string[]): Promise<number> {
      const rows = await query(
        'destroy_content_keys',
        `update keyring.content_key
            set wrapped = null, destroyed_at = now()
          where workspace_id = $1 and id = any($2::uuid[]) and wrapped is not null and single_use
      returning id`,
        [workspaceId, ids],
      )
      return rows.length
    },

    /** Whether sensitive messages are under way that were sealed with another spool state, of this host before or of another one. */
    async hasForeignSpooled(spoolId: string, oldestHour: number): Promise<boolean> {
      const rows = await query<{ id: string }>(
        'has_foreign_spooled',
        `select id from keyring.content_key
          where spool_hour >= $2 and wrapped is not null and spool_id <> $1
          limit 1`,
        [spoolId, oldestHour],
      )
      return rows.length > 0
    },

    /**
     * Rows whose spool key is gone open never again; their wrapped keys go too. The database's clock must agree, so that one keyring with
     * a clock that is ahead destroys nothing of the others. Returns how many.
     */
    async destroySpooledBefore(hour: number, limit: number): Promise<number> {
      const rows = await query(
        'destroy_spooled_before',
        `update keyring.content_key
            set wrapped = null, destroyed_at = now()
          where id in (select id from keyring.content_key
                        where spool_hour < least($1, floor(extract(epoch from now()) / 3600) - 5)
                          and wrapped is not null
                        limit $2
                          for update skip locked)
      returning id`,
        [hour, limit],
      )
      return rows.length
    },

    async addDkimKey(row: DkimKeyRow): Promise<void> {
      await query(
        'add_dkim_key',
        `insert into keyring.dkim_key
           (id, workspace_id, domain, selector, algorithm, purpose_version, sealed_private, public_key)
         select $1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::integer, $7::bytea, $8::text
           from (select 1 as one from keyring.purpose_key
                  where workspace_id = $2 and purpose = 'dkim' and version = $6 and wrapped is not null
                    for share) as above
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

    /** Returns whether there was such a key that was not destroyed yet. Its row stays, so that its selector is not used again. */
    async destroyDkimKey(workspaceId: string, id: string): Promise<boolean> {
      const rows = await query(
        'destroy_dkim_key',
        `update keyring.dkim_key
            set sealed_private = null, state = 'destroyed'
          where workspace_id = $1 and id = $2 and sealed_private is not null
      returning id`,
        [workspaceId, id],
      )
      return rows.length > 0
    },

    /** How many keys each root wraps, and how many keys of workspaces there are: what `bulkhead keyring status` shows. */
    async rootUse(): Promise<{ rootId: string; installationKeys: number; workspaceKeys: number }[]> {
      return query<{ rootId: string; installationKeys: number; workspaceKeys: number }>(
        'root_use',
        `select root_id as "rootId",
                (count(*) filter (where kind = 'i'))::integer as "installationKeys",
                (count(*) filter (where kind = 'w'))::integer as "workspaceKeys"
           from (select root_id, 'i' as kind from keyring.installation_key
                 union all
                 select root_id, 'w' from keyring.workspace_key where wrapped is not null) as k
          group by root_id
          order by root_id`,
        [],
      )
    },
  }
}
