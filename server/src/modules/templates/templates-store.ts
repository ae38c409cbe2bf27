import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { Dialect } from '../../platform/templates/index.ts'

export interface TemplateRow {
  readonly id: string
  readonly name: string
  readonly alias: string | null
  readonly created_at: Date
  readonly created_by: string
  readonly updated_at: Date
  readonly deleted_at: Date | null
  readonly active: number | null
  readonly active_since: Date | null
  readonly newest: number
  readonly newest_published: boolean
  readonly newest_dialect: Dialect
  readonly versions: number
}

export interface NewTemplate {
  readonly workspaceId: string
  readonly id: string
  readonly name: string
  readonly alias: string | null
  readonly by: string
}

/** By which one template is meant: its UUID or its alias. */
export type TemplateKey = { readonly id: string } | { readonly alias: string }

// The last publication and the newest version of each row come from the end of an index of theirs. A template whose active version was put away has
// none; one whose versions all were still has a newest.
const SELECT = `select t.id, t.name, t.alias, t.created_at, t.created_by, t.updated_at, t.deleted_at,
    p.number as active, p.published_at as active_since,
    n.number as newest, n.published_at is not null as newest_published, n.dialect as newest_dialect,
    (select count(*)::int from template_version v
     where v.workspace_id = t.workspace_id and v.template_id = t.id and v.retired_at is null) as versions
  from template t
  left join lateral (
    select v.number, l.published_at from (
      select q.number, q.published_at from template_publication q
      where q.workspace_id = t.workspace_id and q.template_id = t.id order by q.sequence desc limit 1) l
    join template_version v
      on v.workspace_id = t.workspace_id and v.template_id = t.id and v.number = l.number and v.retired_at is null) p on true
  join lateral (
    select v.number, v.published_at, v.dialect from template_version v
    where v.workspace_id = t.workspace_id and v.template_id = t.id
    order by v.retired_at is not null, v.number desc limit 1) n on true`

export function selectTemplates(
  db: TenantDatabase,
  workspaceId: string,
  query: {
    readonly search: string | null
    readonly isDeleted: boolean
    readonly dialects: readonly string[] | null
    readonly before: string | null
    readonly limit: number
  },
): Promise<TemplateRow[]> {
  return db.query<TemplateRow>(
    `${SELECT}
     where t.workspace_id = $1 and (t.deleted_at is not null) = $2 and ($3::uuid is null or t.id < $3)
       and ($4::text is null or position($4 in lower(t.name)) > 0 or position($4 in coalesce(t.alias, '')) > 0)
       and ($6::text[] is null or n.dialect = any($6))
     order by t.id desc
     limit $5`,
    [workspaceId, query.isDeleted, query.before, query.search, query.limit, query.dialects],
  )
}

/** One template that is not deleted, or with `isDeleted` one that is. */
export async function findTemplate(
  db: TenantDatabase,
  workspaceId: string,
  key: TemplateKey,
  isDeleted = false,
): Promise<TemplateRow | undefined> {
  const rows = await db.query<TemplateRow>(
    `${SELECT}
     where t.workspace_id = $1 and ($2::uuid is null or t.id = $2) and ($3::text is null or t.alias = $3)
       and (t.deleted_at is not null) = $4`,
    [workspaceId, 'id' in key ? key.id : null, 'alias' in key ? key.alias : null, isDeleted],
  )
  return rows[0]
}

/** Keeps others from changing the template and its versions until the transaction ends; false where there is none that is not deleted. */
export async function lockTemplate(db: TenantDatabase, workspaceId: string, id: string): Promise<boolean> {
  const rows = await db.query(
    'select 1 from template where workspace_id = $1 and id = $2 and deleted_at is null for update',
    [workspaceId, id],
  )
  return rows.length > 0
}

export async function countTemplates(db: TenantDatabase, workspaceId: string): Promise<number> {
  const rows = await db.query<{ n: number }>(
    'select count(*)::int as n from template where workspace_id = $1',
    [workspaceId],
  )
  return rows[0]?.n ?? 0
}

export async function insertTemplate(db: TenantDatabase, template: NewTemplate): Promise<void> {
  await db.query(
    'insert into template (workspace_id, id, name, alias, created_by) values ($1, $2, $3, $4, $5)',
    [template.workspaceId, template.id, template.name, template.alias, template.by],
  )
}

export async function updateTemplateRow(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  change: { readonly name: string; readonly alias: string | null },
): Promise<void> {
  await db.query(
    'update template set name = $3, alias = $4, updated_at = now() where workspace_id = $1 and id = $2',
    [workspaceId, id, change.name, change.alias],
  )
}

export async function markDeleted(db: TenantDatabase, workspaceId: string, id: string): Promise<void> {
  await db.query('update template set deleted_at = now() where workspace_id = $1 and id = $2', [
    workspaceId,
    id,
  ])
}

/** Brings a template back, without its alias where another has it now. */
export async function markRestored(db: TenantDatabase, workspaceId: string, id: string): Promise<boolean> {
  const rows = await db.query(
    `update template t
     set deleted_at = null, updated_at = now(),
         alias = case when exists (
           select from template o where o.workspace_id = t.workspace_id and o.alias = t.alias and o.deleted_at is null)
           then null else t.alias end
     where t.workspace_id = $1 and t.id = $2 and t.deleted_at is not null
     returning 1`,
    [workspaceId, id],
  )
  return rows.length > 0
}

export async function touchTemplate(db: TenantDatabase, workspaceId: string, id: string): Promise<void> {
  await db.query('update template set updated_at = now() where workspace_id = $1 and id = $2', [
    workspaceId,
    id,
  ])
}
