import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { NewSelector } from './domain.ts'

/** A selector with the public half of its new key. */
export type MadeSelector = NewSelector & { readonly keyId: string; readonly publicKey: string }

export async function insertSelectors(
  db: TenantDatabase,
  workspaceId: string,
  domainId: string,
  selectors: readonly MadeSelector[],
  published: boolean,
): Promise<void> {
  await db.query(
    `insert into dkim_selector (workspace_id, domain_id, selector, algorithm, role, becomes, key_id, public_key, published)
     select $1, $2, s.selector, s.algorithm, s.role, s.becomes, s.key_id, s.public_key, $9
     from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::text[])
       as s(selector, algorithm, role, becomes, key_id, public_key)`,
    [
      workspaceId,
      domainId,
      selectors.map((selector) => selector.selector),
      selectors.map((selector) => selector.algorithm),
      selectors.map((selector) => selector.role),
      selectors.map((selector) => selector.becomes),
      selectors.map((selector) => selector.keyId),
      selectors.map((selector) => selector.publicKey),
      published,
    ],
  )
}

/** Holds a domain for the rest of the transaction, and has its DNS looked at in a minute. False where it is gone. */
export async function holdDomain(db: TenantDatabase, workspaceId: string, id: string): Promise<boolean> {
  const rows = await db.query(
    `update sending_domain
     set next_check_at = least(next_check_at, now() + interval '1 minute')
     where workspace_id = $1 and id = $2
     returning 1`,
    [workspaceId, id],
  )
  return rows.length > 0
}

/** The standby signs from now on, everything that signed before retires. */
export async function signWithStandby(
  db: TenantDatabase,
  workspaceId: string,
  domainId: string,
  retireMs: number,
): Promise<void> {
  await db.query(
    `update dkim_selector
     set role = case role when 'standby' then 'active' else 'retiring' end,
         published = role = 'standby' or published,
         retire_at = case role when 'active' then now() + make_interval(secs => $3::double precision / 1000) end
     where workspace_id = $1 and domain_id = $2 and role in ('active', 'standby')`,
    [workspaceId, domainId, retireMs],
  )
}

/** Pending selectors take their places; those of the same algorithm that signed before retire. Answers which took it. */
export async function promoteSelectors(
  db: TenantDatabase,
  workspaceId: string,
  domainId: string,
  seen: readonly string[],
  retireMs: number,
): Promise<string[]> {
  if (seen.length === 0) return []
  const rows = await db.query<{ selector: string }>(
    `with rising as (
       select selector, algorithm, becomes
       from dkim_selector
       where workspace_id = $1 and domain_id = $2 and role = 'pending' and selector = any($3::text[])
     ), replaced as (
       update dkim_selector k
       set role = 'retiring', retire_at = now() + make_interval(secs => $4::double precision / 1000)
       where k.workspace_id = $1 and k.domain_id = $2 and k.role = 'active'
         and k.algorithm in (select r.algorithm from rising r where r.becomes = 'active')
     )
     update dkim_selector k
     set role = k.becomes, becomes = null, published = true
     from rising r
     where k.workspace_id = $1 and k.domain_id = $2 and k.selector = r.selector
     returning k.selector`,
    [workspaceId, domainId, seen, retireMs],
  )
  return rows.map((row) => row.selector)
}

/** Selectors whose keys are destroyed and whose records went from DNS. */
export async function forgetSelectors(
  db: TenantDatabase,
  workspaceId: string,
  domainId: string,
  selectors: readonly string[],
): Promise<void> {
  if (selectors.length === 0) return
  await db.query(
    `update dkim_selector set role = 'gone'
     where workspace_id = $1 and domain_id = $2 and role = 'removable' and selector = any($3::text[])`,
    [workspaceId, domainId, selectors],
  )
}

/** Answers which there were; the database has their private halves destroyed. */
export async function deletePending(
  db: TenantDatabase,
  workspaceId: string,
  domainId: string,
): Promise<string[]> {
  const rows = await db.query<{ selector: string }>(
    `delete from dkim_selector
     where workspace_id = $1 and domain_id = $2 and role = 'pending'
     returning selector`,
    [workspaceId, domainId],
  )
  return rows.map((row) => row.selector)
}

/** Takes private keys whose end has come, of all workspaces, for `holdSeconds`. */
export async function claimDisposals(
  pool: Queryable,
  limit: number,
  holdSeconds: number,
): Promise<{ readonly workspace_id: string; readonly key_id: string }[]> {
  const found = await pool.query<{ workspace_id: string; key_id: string }>(
    'select workspace_id, key_id from engine.claim_dkim_disposals($1, $2)',
    [limit, holdSeconds],
  )
  return found.rows
}

/** Notes that a private key is destroyed. Answers the selectors that had it and still stand with their domain. */
export function settleDisposal(
  db: TenantDatabase,
  workspaceId: string,
  keyId: string,
): Promise<{ readonly domain_id: string; readonly selector: string }[]> {
  return db.query<{ domain_id: string; selector: string }>(
    'select domain_id, selector from engine.settle_dkim_disposal($1, $2)',
    [workspaceId, keyId],
  )
}
