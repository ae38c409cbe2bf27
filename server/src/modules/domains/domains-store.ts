import { z } from 'zod'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { RecordCheck } from './domain.ts'
import type { DomainState, Selector } from './domain.ts'

interface DomainRow {
  readonly id: string
  readonly name: string
  readonly state: DomainState
  readonly created_at: Date
  readonly verified_at: Date | null
  readonly checked_at: Date | null
  readonly failing_since: Date | null
  /** Null once that is over. */
  readonly inert_until: Date | null
  readonly checks: unknown
}

export interface DomainRecord extends Omit<DomainRow, 'checks'> {
  readonly checks: readonly RecordCheck[]
  readonly selectors: readonly Selector[]
}

interface SelectorRow {
  readonly domain_id: string
  readonly selector: string
  readonly algorithm: 'rsa' | 'ed25519'
  readonly role: 'active' | 'standby'
  readonly public_key: string
}

export interface ZoneRow {
  readonly domain_id: string
  readonly selector: string
  readonly algorithm: 'rsa' | 'ed25519'
  readonly public_key: string
}

const COLUMNS = `id, name, state, created_at, verified_at, checked_at, failing_since, checks,
  case when inert_until > now() then inert_until end as inert_until`
const Checks = z.array(RecordCheck)

/** False where the workspace has the domain already. */
export async function insertDomain(
  db: TenantDatabase,
  workspaceId: string,
  domain: {
    readonly id: string
    readonly name: string
    readonly trusted: boolean
    readonly checks: readonly RecordCheck[]
  },
  selectors: readonly (Selector & { readonly keyId: string })[],
): Promise<boolean> {
  const made = await db.query(
    `insert into sending_domain (workspace_id, id, name, state, verified_at, checked_at, next_check_at, checks)
     values ($1, $2, $3, case when $4 then 'verified' else 'pending' end, case when $4 then now() end, case when $4 then now() end,
             now() + interval '1 minute', $5)
     on conflict (workspace_id, name) do nothing
     returning 1`,
    [workspaceId, domain.id, domain.name, domain.trusted, JSON.stringify(domain.checks)],
  )
  if (made.length === 0) return false
  await db.query(
    `insert into dkim_selector (workspace_id, domain_id, selector, algorithm, role, key_id, public_key, published)
     select $1, $2, s.selector, s.algorithm, s.role, s.key_id, s.public_key, $8
     from unnest($3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[]) as s(selector, algorithm, role, key_id, public_key)`,
    [
      workspaceId,
      domain.id,
      selectors.map((selector) => selector.selector),
      selectors.map((selector) => selector.algorithm),
      selectors.map((selector) => selector.role),
      selectors.map((selector) => selector.keyId),
      selectors.map((selector) => selector.publicKey),
      domain.trusted,
    ],
  )
  return true
}

export async function domainExists(db: TenantDatabase, workspaceId: string, name: string): Promise<boolean> {
  const rows = await db.query('select 1 from sending_domain where workspace_id = $1 and name = $2', [
    workspaceId,
    name,
  ])
  return rows.length > 0
}

export async function selectDomain(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<DomainRecord | undefined> {
  const rows = await db.query<DomainRow>(
    `select ${COLUMNS} from sending_domain where workspace_id = $1 and id = $2`,
    [workspaceId, id],
  )
  return (await withSelectors(db, workspaceId, rows))[0]
}

export async function selectDomains(
  db: TenantDatabase,
  workspaceId: string,
  before: string | null,
  rowsMax: number,
): Promise<DomainRecord[]> {
  const rows = await db.query<DomainRow>(
    `select ${COLUMNS}
     from sending_domain
     where workspace_id = $1 and ($2::uuid is null or id < $2)
     order by id desc
     limit $3`,
    [workspaceId, before, rowsMax],
  )
  return withSelectors(db, workspaceId, rows)
}

async function withSelectors(
  db: TenantDatabase,
  workspaceId: string,
  rows: readonly DomainRow[],
): Promise<DomainRecord[]> {
  if (rows.length === 0) return []
  const selectors = await db.query<SelectorRow>(
    `select domain_id, selector, algorithm, role, public_key
     from dkim_selector
     where workspace_id = $1 and domain_id = any($2::uuid[])
     order by selector`,
    [workspaceId, rows.map((row) => row.id)],
  )
  return rows.map((row) => ({
    ...row,
    checks: Checks.safeParse(row.checks).data ?? [],
    selectors: selectors
      .filter((selector) => selector.domain_id === row.id)
      .map(({ selector, algorithm, role, public_key }) => ({
        selector,
        algorithm,
        role,
        publicKey: public_key,
      })),
  }))
}

/** Writes the outcome of a check. False where the domain was deleted meanwhile. */
export async function storeCheck(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  outcome: {
    readonly state: DomainState
    readonly failingSince: Date | null
    readonly checks: readonly RecordCheck[]
    readonly nextCheckInMs: number
    readonly published: readonly string[]
    readonly unpublished: readonly string[]
  },
): Promise<boolean> {
  const rows = await db.query(
    `update sending_domain
     set state = $3, failing_since = $4, checks = $5, checked_at = now(),
         verified_at = case when $3 = 'verified' then coalesce(verified_at, now()) else verified_at end,
         next_check_at = now() + make_interval(secs => $6::double precision / 1000)
     where workspace_id = $1 and id = $2
     returning 1`,
    [
      workspaceId,
      id,
      outcome.state,
      outcome.failingSince,
      JSON.stringify(outcome.checks),
      outcome.nextCheckInMs,
    ],
  )
  await db.query(
    `update dkim_selector
     set published = selector = any($3::text[])
     where workspace_id = $1 and domain_id = $2 and (selector = any($3::text[]) or selector = any($4::text[]))
       and published <> (selector = any($3::text[]))`,
    [workspaceId, id, outcome.published, outcome.unpublished],
  )
  return rows.length > 0
}

export async function deleteDomainRow(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<string | undefined> {
  const rows = await db.query<{ name: string }>(
    'delete from sending_domain where workspace_id = $1 and id = $2 returning name',
    [workspaceId, id],
  )
  return rows[0]?.name
}

export function selectZone(
  db: TenantDatabase,
  after: { readonly domainId: string; readonly selector: string },
  rowsMax: number,
): Promise<ZoneRow[]> {
  return db.query<ZoneRow>(
    'select domain_id, selector, algorithm, public_key from engine.zone_selectors($1, $2, $3)',
    [after.domainId, after.selector, rowsMax],
  )
}
