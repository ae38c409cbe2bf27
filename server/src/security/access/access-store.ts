import type { DoorName } from '../../kernel/doors.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { CauseOfDeath } from '../epochs/index.ts'
import type { Bound } from './credential-binding.ts'

export interface ApiKeyRow {
  readonly id: string
  readonly workspace_id: string
  readonly scopes: string[]
  /** By the clock of the database, which judges for all hosts: a host whose clock is wrong lets no key live longer. */
  readonly expires_in_ms: number | null
  readonly revoked_at: Date | null
  /** An epoch was bumped over it. */
  readonly killed: boolean
  readonly expires_at: Date | null
  readonly binding: Buffer | null
  readonly allowed_cidrs: string[]
  readonly allowed_senders: string[]
  /** After a leak: it works from these too only. Null: was not tightened. */
  readonly tightened_cidrs: string[] | null
  readonly door: DoorName | null
  readonly door_scopes: string[]
  /** Networks from which all keys of its door work; empty: all. */
  readonly door_cidrs: string[]
  /** When it ends, whatever was planned: the sooner of expires_at and what a rotation or a leak has set. */
  readonly over_at: Date | null
}

export interface SmtpCredentialRow {
  readonly id: string
  readonly workspace_id: string
  readonly secret_hash: Buffer
  readonly revoked_at: Date | null
  readonly killed: boolean
  readonly binding: Buffer | null
  readonly expires_at: Date | null
  readonly expires_in_ms: number | null
  readonly allowed_cidrs: string[]
  readonly allowed_senders: string[]
  readonly over_at: Date | null
}

/** One that lives no more (`cause`), or from some networks only (`tightened_cidrs`). */
export interface JudgedCredential {
  readonly id: string
  readonly cause: CauseOfDeath | null
  readonly tightened_cidrs: string[] | null
}

/** A use that was not noted yet. */
export interface CredentialUse {
  readonly kind: 'api_key' | 'smtp_credential'
  readonly id: string
  /** /24 or /48. */
  readonly network: string | null
  readonly agent: string | null
}

/** A credential from before the pepper: what is stored of it is the plain digest. */
export interface UnpepperedRow extends Bound {
  readonly kind: 'api_key' | 'smtp_credential'
  readonly workspaceId: string
  readonly digest: Buffer
}

/** Records that a credential does not fit its row; the database lets one record in an hour through for each row. */
export async function reportForged(
  pool: Queryable,
  kind: Bound['kind'] | 'member' | 'permission_set',
  id: string,
): Promise<void> {
  await pool.query('select engine.report_forged($1, $2)', [kind, id])
}

/** The sealed senders of one key of the workspace. */
export function selectSealedSenders(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<{ readonly id: string; readonly sealed_senders: Buffer | null }[]> {
  return db.query('select id, sealed_senders from api_key where workspace_id = $1 and id = $2', [
    workspaceId,
    id,
  ])
}

/** Look-ups of credentials. They cross workspaces by nature, so each is a function of the engine. */
export function createAccessStore(pool: Queryable) {
  return {
    async apiKey(hash: Buffer): Promise<ApiKeyRow | undefined> {
      const found = await pool.query<ApiKeyRow>(
        `select id, workspace_id, scopes, revoked_at, killed, expires_at, binding, allowed_cidrs, allowed_senders, tightened_cidrs,
                door, door_scopes, door_cidrs, least(expires_at, ends_at) as over_at,
                (extract(epoch from least(expires_at, ends_at) - clock_timestamp()) * 1000)::float8 as expires_in_ms
         from engine.find_api_key($1)`,
        [hash],
      )
      return found.rows[0]
    },

    async smtpCredential(username: string): Promise<SmtpCredentialRow | undefined> {
      const found = await pool.query<SmtpCredentialRow>(
        `select id, workspace_id, secret_hash, revoked_at, killed, expires_at, binding, allowed_cidrs, allowed_senders,
                least(expires_at, ends_at) as over_at,
                (extract(epoch from least(expires_at, ends_at) - clock_timestamp()) * 1000)::float8 as expires_in_ms
         from engine.find_smtp_credential($1)`,
        [username],
      )
      return found.rows[0]
    },

    async isShredded(workspaceId: string): Promise<boolean> {
      const found = await pool.query<{ shredded: boolean }>('select engine.is_shredded($1) as shredded', [
        workspaceId,
      ])
      return found.rows[0]?.shredded === true
    },

    /** By id, behind `after`. */
    async unpeppered(after: string | null, limit: number): Promise<UnpepperedRow[]> {
      const found = await pool.query<UnpepperedRow>(
        `select kind, id, workspace_id as "workspaceId", scopes, expires_at as "expiresAt", digest
         from engine.unpeppered_credentials($1, $2)`,
        [after, limit],
      )
      return found.rows
    },

    async setPeppered(
      rows: readonly (UnpepperedRow & { readonly hash: Buffer; readonly binding: Buffer })[],
    ): Promise<void> {
      await pool.query('select engine.pepper_credentials($1, $2, $3, $4, $5)', [
        rows.map((row) => row.kind),
        rows.map((row) => row.id),
        rows.map((row) => row.digest),
        rows.map((row) => row.hash),
        rows.map((row) => row.binding),
      ])
    },

    async touch(uses: readonly CredentialUse[]): Promise<void> {
      await pool.query('select engine.touch_credentials($1, $2, $3, $4)', [
        uses.map((use) => use.kind),
        uses.map((use) => use.id),
        uses.map((use) => use.network),
        uses.map((use) => use.agent),
      ])
    },

    /** Records a use from outside of the allowed networks; the database lets one record in an hour through for each network. */
    async reportOutside(kind: CredentialUse['kind'], id: string, network: string): Promise<void> {
      await pool.query('select engine.report_outside($1, $2, $3)', [kind, id, network])
    },

    async dead(apiKeys: readonly string[], smtpCredentials: readonly string[]): Promise<JudgedCredential[]> {
      const found = await pool.query<JudgedCredential>(
        'select id, cause, tightened_cidrs from engine.dead_credentials($1::uuid[], $2::uuid[])',
        [apiKeys, smtpCredentials],
      )
      return found.rows
    },
  }
}
