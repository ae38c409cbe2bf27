import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { Dialect } from '../../platform/templates/index.ts'
import type { TemplateKey } from './templates-store.ts'

export interface VersionHeadRow {
  readonly id: string
  readonly number: number
  readonly dialect: Dialect
  readonly sealed_head: Buffer
  readonly content_hash: Buffer
  readonly size_bytes: number
  readonly revision: number
  readonly created_at: Date
  readonly created_by: string
  readonly updated_at: Date
  readonly published_at: Date | null
  readonly lineage: string | null
  readonly retired_at: Date | null
}

export interface VersionRow extends VersionHeadRow {
  readonly sealed_content: Buffer
}

export interface SealedVersion {
  readonly id: string
  readonly dialect: Dialect
  readonly head: Buffer
  readonly content: Buffer
  readonly hash: Buffer
  readonly sizeBytes: number
}

export interface PublicationRow {
  readonly number: number
  readonly published_at: Date
  readonly published_by: string
  readonly content_hash: Buffer
}

const HEAD =
  'v.id, v.number, v.dialect, v.sealed_head, v.content_hash, v.size_bytes, v.revision, v.created_at, v.created_by, v.updated_at, v.published_at, v.lineage, v.retired_at'

export function selectVersions(
  db: TenantDatabase,
  workspaceId: string,
  templateId: string,
  page: {
    readonly below: number | null
    readonly lineage: string | null
    readonly isLatest: boolean
    readonly limit: number
  },
): Promise<VersionHeadRow[]> {
  return db.query<VersionHeadRow>(
    `select ${HEAD}
     from template_version v
     where v.workspace_id = $1 and v.template_id = $2 and ($3::integer is null or v.number < $3) and v.retired_at is null
       and ($5::uuid is null or coalesce(v.lineage, v.id) = $5)
       and (not $6 or not exists (
         select from template_version o
         where o.workspace_id = v.workspace_id and o.template_id = v.template_id and o.number > v.number
           and coalesce(o.lineage, o.id) = coalesce(v.lineage, v.id) and o.retired_at is null))
     order by v.number desc
     limit $4`,
    [workspaceId, templateId, page.below, page.limit, page.lineage, page.isLatest],
  )
}

export async function findVersion(
  db: TenantDatabase,
  workspaceId: string,
  templateId: string,
  number: number,
): Promise<VersionRow | undefined> {
  const rows = await db.query<VersionRow>(
    `select ${HEAD}, v.sealed_content
     from template_version v
     where v.workspace_id = $1 and v.template_id = $2 and v.number = $3`,
    [workspaceId, templateId, number],
  )
  return rows[0]
}

/** Adds a draft under the next number of its template, which it answers; undefined where there is no such template. */
export async function insertVersion(
  db: TenantDatabase,
  workspaceId: string,
  templateId: string,
  version: SealedVersion,
  by: string,
  lineage: string | null = null,
): Promise<number | undefined> {
  const [next] = await db.query<{ number: number }>(
    `update template set last_number = last_number + 1, updated_at = now()
     where workspace_id = $1 and id = $2 and deleted_at is null
     returning last_number as number`,
    [workspaceId, templateId],
  )
  if (next === undefined) return undefined
  await db.query(
    `insert into template_version
       (workspace_id, template_id, number, id, dialect, sealed_head, sealed_content, content_hash, size_bytes, created_by, lineage)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      workspaceId,
      templateId,
      next.number,
      version.id,
      version.dialect,
      version.head,
      version.content,
      version.hash,
      version.sizeBytes,
      by,
      lineage,
    ],
  )
  return next.number
}

/** Puts other content into a draft that is as it was read; false where it is not, or no draft any more. */
export async function replaceDraft(
  db: TenantDatabase,
  workspaceId: string,
  templateId: string,
  read: { readonly number: number; readonly revision: number },
  version: SealedVersion,
): Promise<boolean> {
  const rows = await db.query(
    `update template_version
     set sealed_head = $5, sealed_content = $6, content_hash = $7, size_bytes = $8, dialect = $9, revision = revision + 1, updated_at = now()
     where workspace_id = $1 and template_id = $2 and number = $3 and revision = $4 and published_at is null
     returning 1`,
    [
      workspaceId,
      templateId,
      read.number,
      read.revision,
      version.head,
      version.content,
      version.hash,
      version.sizeBytes,
      version.dialect,
    ],
  )
  return rows.length > 0
}

export async function deleteDraft(
  db: TenantDatabase,
  workspaceId: string,
  templateId: string,
  number: number,
): Promise<boolean> {
  const rows = await db.query(
    `delete from template_version
     where workspace_id = $1 and template_id = $2 and number = $3 and published_at is null
     returning 1`,
    [workspaceId, templateId, number],
  )
  return rows.length > 0
}

/** Puts the published versions of a line away: they are sent no more, and stay what they were. */
export async function retireLineage(
  db: TenantDatabase,
  workspaceId: string,
  templateId: string,
  lineage: string,
): Promise<void> {
  await db.query(
    `update template_version set retired_at = now()
     where workspace_id = $1 and template_id = $2 and coalesce(lineage, id) = $3
       and published_at is not null and retired_at is null`,
    [workspaceId, templateId, lineage],
  )
}

/** Makes a version that is as it was read the active one. The template is locked. False where the draft was changed meanwhile. */
export async function publish(
  db: TenantDatabase,
  workspaceId: string,
  templateId: string,
  read: { readonly number: number; readonly revision: number },
  by: string,
): Promise<boolean> {
  const found = await db.query<{ published_at: Date | null }>(
    `select published_at from template_version
     where workspace_id = $1 and template_id = $2 and number = $3 and revision = $4 and retired_at is null
     for update`,
    [workspaceId, templateId, read.number, read.revision],
  )
  const [version] = found
  if (version === undefined) return false
  if (version.published_at === null) {
    await db.query(
      'update template_version set published_at = now() where workspace_id = $1 and template_id = $2 and number = $3',
      [workspaceId, templateId, read.number],
    )
  }
  await db.query(
    `insert into template_publication (workspace_id, template_id, sequence, number, published_by)
     select $1, $2, coalesce(max(p.sequence), 0) + 1, $3, $4
     from template_publication p where p.workspace_id = $1 and p.template_id = $2`,
    [workspaceId, templateId, read.number, by],
  )
  return true
}

export function selectPublications(
  db: TenantDatabase,
  workspaceId: string,
  templateId: string,
  limit: number,
): Promise<PublicationRow[]> {
  return db.query<PublicationRow>(
    `select p.number, p.published_at, p.published_by, v.content_hash
     from template_publication p
     join template_version v on v.workspace_id = p.workspace_id and v.template_id = p.template_id and v.number = p.number
     where p.workspace_id = $1 and p.template_id = $2
     order by p.sequence desc
     limit $3`,
    [workspaceId, templateId, limit],
  )
}

export interface SendableRow {
  readonly template_id: string
  readonly alias: string | null
  readonly active: number | null
  /** Null where there is no such version, or none is active. */
  readonly version_id: string | null
  readonly number: number | null
  readonly published_at: Date | null
}

/** What a message that names a template would be rendered from: without a number the active version. One look-up of a few index entries. */
export async function findSendable(
  db: TenantDatabase,
  workspaceId: string,
  key: TemplateKey,
  number: number | null,
): Promise<SendableRow | undefined> {
  const rows = await db.query<SendableRow>(
    `select t.id as template_id, t.alias, p.number as active, v.id as version_id, v.number, v.published_at
     from template t
     left join lateral (
       select q.number from template_publication q
       where q.workspace_id = t.workspace_id and q.template_id = t.id order by q.sequence desc limit 1) p on true
     left join template_version v
       on v.workspace_id = t.workspace_id and v.template_id = t.id and v.number = coalesce($4::integer, p.number)
         and v.retired_at is null
     where t.workspace_id = $1 and ($2::uuid is null or t.id = $2) and ($3::text is null or t.alias = $3) and t.deleted_at is null`,
    [workspaceId, 'id' in key ? key.id : null, 'alias' in key ? key.alias : null, number],
  )
  return rows[0]
}

/** Erases templates that were deleted so many days ago; answers how many. */
export async function eraseTemplates(pool: Queryable, days: number, limit: number): Promise<number> {
  const { rows } = await pool.query<{ n: string }>(
    'select engine.erase_templates(make_interval(days => $1), $2) as n',
    [days, limit],
  )
  return Number(rows[0]?.n ?? 0)
}
