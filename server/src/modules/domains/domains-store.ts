import { z } from 'zod'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { RecordCheck } from './domain.ts'
import type { DomainState, KeyState, Selector } from './domain.ts'
import { insertSelectors } from './key-store.ts'
import type { MadeSelector } from './key-store.ts'

interface DomainRow {
  readonly id: string
  readonly number: number
  readonly name: string
  readonly is_default: boolean
  readonly requires_tls: boolean
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
  readonly selectors: readonly (Selector & { readonly published: boolean })[]
}

interface SelectorRow {
  readonly domain_id: string
  readonly selector: string
  readonly algorithm: 'rsa' | 'ed25519'
  readonly role: KeyState
  readonly becomes: 'active' | 'standby' | null
  readonly public_key: string
  /** Null: with the domain. */
  readonly created_at: Date | null
  readonly retire_at: Date | null
  readonly published: boolean
}

export interface ZoneRow {
  readonly domain_id: string
  readonly selector: string
  readonly algorithm: 'rsa' | 'ed25519'
  readonly public_key: string
}

const COLUMNS = `id, number, name, is_default, requires_tls, state, created_at, verified_at, checked_at, failing_since, checks,
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
  selectors: readonly MadeSelector[],
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
  await insertSelectors(db, workspaceId, domain.id, selectors, domain.trusted)
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
  filter: { readonly before: string | null; readonly name: string | null; readonly number: number | null },
  rowsMax: number,
): Promise<DomainRecord[]> {
  const rows = await db.query<DomainRow>(
    `select ${COLUMNS}
     from sending_domain
     where workspace_id = $1 and ($2::uuid is null or id < $2) and ($4::text is null or name = $4)
       and ($5::integer is null or number = $5)
     order by id desc
     limit $3`,
    [workspaceId, filter.before, rowsMax, filter.name, filter.number],
  )
  return withSelectors(db, workspaceId, rows)
}

/** Says how its mail leaves; false where there is no such domain. */
export async function putTls(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  requiresTls: boolean,
): Promise<boolean> {
  const rows = await db.query(
    'update sending_domain set requires_tls = $3 where workspace_id = $1 and id = $2 returning 1',
    [workspaceId, id, requiresTls],
  )
  return rows.length > 0
}

/** Makes a domain the default one, or no longer; false where there is no such domain. */
export async function putDefault(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  isDefault: boolean,
): Promise<boolean> {
  if (isDefault) {
    await db.query(
      'update sending_domain set is_default = false where workspace_id = $1 and is_default and id <> $2',
      [workspaceId, id],
    )
  }
  const rows = await db.query(
    'update sending_domain set is_default = $3 where workspace_id = $1 and id = $2 returning 1',
    [workspaceId, id, isDefault],
  )
  return rows.length > 0
}

async function withSelectors(
  db: TenantDatabase,
  workspaceId: string,
  rows: readonly DomainRow[],
): Promise<DomainRecord[]> {
  if (rows.length === 0) return []
  const selectors = await db.query<SelectorRow>(
    `select domain_id, selector, algorithm, role, becomes, public_key, created_at, retire_at, published
     from dkim_selector
     where workspace_id = $1 and domain_id = any($2::uuid[]) and role <> 'gone'
     order by selector`,
    [workspaceId, rows.map((row) => row.id)],
  )
  return rows.map((row) => ({
    ...row,
    checks: Checks.safeParse(row.checks).data ?? [],
    selectors: selectors
      .filter((selector) => selector.domain_id === row.id)
      .map(({ selector, algorithm, role, becomes, published, ...key }) => ({
        selector,
        algorithm,
        role,
        becomes,
        published,
        publicKey: key.public_key,
        createdAt: key.created_at ?? row.created_at,
        retireAt: key.retire_at,
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
