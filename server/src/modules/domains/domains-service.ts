import type { z } from 'zod'
import { parseDomain } from '../../kernel/email-address.ts'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import type { DnsResolver } from '../../platform/dns/index.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { TenantTransactions } from '../../platform/postgres/tenant.ts'
import { createDomainCheck, isTrusted, trust } from './check.ts'
import type { Domain } from './domain.ts'
import {
  deleteDomainRow,
  domainExists,
  insertDomain,
  selectDomain,
  selectDomains,
  selectZone,
} from './domains-store.ts'
import type { DomainRecord, ZoneRow } from './domains-store.ts'
import { expectedRecords, selectorsFor } from './records.ts'
import { zoneText } from './zone.ts'

type View = z.output<typeof Domain>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'read' | 'act'> &
  Partial<Pick<OperationContext<unknown>, 'client'>>

export interface DomainSettings {
  /** Zone under which selectors are delegated; null: keys stand in the domains' own zones. */
  readonly delegationZone: string | null
  /** This installation's host name, for the return path in the delegation zone. */
  readonly hostname: string
  /** Development: `*.test` domains are verified without DNS. */
  readonly trustTestDomains: boolean
}

export interface Domains {
  /** Throws `invalid_request` for what is no domain, `conflict` for one that the workspace has. */
  add(caller: Caller, name: string): Promise<View>
  list(
    caller: Caller,
    query: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ data: View[]; nextCursor: string | null }>
  get(caller: Caller, id: string): Promise<View>
  /** Asks DNS now. */
  verify(caller: Caller, id: string): Promise<View>
  remove(caller: Caller, id: string): Promise<void>
  /** The delegation zone's records as zone-file lines, of all workspaces. Throws `conflict` where no zone is set. */
  zoneRecords(): Promise<string>
}

const NO_WORKSPACE = '00000000-0000-0000-0000-000000000000'
const ZONE_PAGE = 1_000

/** Sending domains: see the slice's door for what holds. */
export function createDomains(deps: {
  readonly keyring: Pick<KeyringClient, 'createDkimKey'>
  readonly resolver: Pick<DnsResolver, 'txt' | 'cname'>
  readonly transactions: TenantTransactions
  readonly settings: DomainSettings
  readonly newId: () => string
  readonly clock?: () => number
}): Domains {
  const { settings } = deps
  const zone = settings.delegationZone
  const check = createDomainCheck(deps)

  return {
    async add(caller, given) {
      const parsed = parseDomain(given.trim().replace(/\.$/, ''))
      if (!parsed.ok)
        throw invalidField(
          'name',
          parsed.problem.replace('has a domain', 'is a name'),
          'Write a domain such as example.com.',
        )
      const name = parsed.domain
      if (await caller.read((db) => domainExists(db, caller.workspaceId, name))) throw exists(name)
      const id = deps.newId()
      const selectors = await Promise.all(
        selectorsFor(caller.workspaceId, id).map(async (wanted) => {
          const { keyId, publicKeyBase64 } = await deps.keyring.createDkimKey({
            workspaceId: caller.workspaceId,
            domain: name,
            selector: wanted.selector,
            algorithm: wanted.algorithm,
          })
          return { ...wanted, keyId, publicKey: publicKeyBase64 }
        }),
      )
      const trusted = isTrusted(name, settings)
      const expected = expectedRecords({ id, name }, selectors, zone)
      const checks = trusted ? trust(expected) : []
      return caller.act(async (db, about) => {
        if (!(await insertDomain(db, caller.workspaceId, { id, name, trusted, checks }, selectors)))
          throw exists(name)
        const row = await selectDomain(db, caller.workspaceId, id)
        if (row === undefined) throw new Error('the domain was not stored')
        about(encodeId('domain', id), { name, trusted })
        return view(row, zone)
      })
    },

    async list(caller, { limit, cursor }) {
      const before = idOfCursor(cursor)
      const rows = await caller.read((db) => selectDomains(db, caller.workspaceId, before, limit + 1))
      return page(
        rows,
        limit,
        (row) => view(row, zone),
        (row) => idCursor(row.id),
      )
    },

    get: async (caller, id) => view(await find(caller, id), zone),

    async verify(caller, id) {
      const outcome = await check.look(await find(caller, id))
      return caller.act(async (db, about) => {
        if (!(await check.store(db, caller.workspaceId, outcome))) throw missing('domain', id)
        const row = await selectDomain(db, caller.workspaceId, id)
        if (row === undefined) throw missing('domain', id)
        about(encodeId('domain', id), { name: row.name, before: outcome.before, state: row.state })
        return view(row, zone)
      })
    },

    remove: (caller, id) =>
      caller.act(async (db, about) => {
        const name = await deleteDomainRow(db, caller.workspaceId, id)
        if (name === undefined) throw missing('domain', id)
        about(encodeId('domain', id), { name })
      }),

    async zoneRecords() {
      if (zone === null) {
        throw new Fault('conflict', {
          detail:
            'No delegation zone is set, so domains hold their keys themselves. Set BULKHEAD_DELEGATION_ZONE to have one.',
        })
      }
      const rows: ZoneRow[] = []
      let after = { domainId: NO_WORKSPACE, selector: '' }
      for (;;) {
        const from = after
        const part = await deps.transactions.read(NO_WORKSPACE, (db) => selectZone(db, from, ZONE_PAGE))
        rows.push(...part)
        const last = part.at(-1)
        if (last === undefined || part.length < ZONE_PAGE) break
        after = { domainId: last.domain_id, selector: last.selector }
      }
      return zoneText({ zone, hostname: settings.hostname, rows })
    },
  }
}

async function find(caller: Pick<Caller, 'workspaceId' | 'read'>, id: string): Promise<DomainRecord> {
  const row = await caller.read((db) => selectDomain(db, caller.workspaceId, id))
  if (row === undefined) throw missing('domain', id)
  return row
}

function exists(name: string): Fault {
  return new Fault('conflict', { detail: `This workspace has the domain ${name} already.` })
}

function view(row: DomainRecord, zone: string | null): View {
  return {
    id: encodeId('domain', row.id),
    name: row.name,
    state: row.state,
    createdAt: row.created_at.toISOString(),
    verifiedAt: row.verified_at?.toISOString() ?? null,
    checkedAt: row.checked_at?.toISOString() ?? null,
    failingSince: row.failing_since?.toISOString() ?? null,
    inertUntil: row.inert_until?.toISOString() ?? null,
    records: expectedRecords(row, row.selectors, zone).map(({ publicKey: _publicKey, ...record }) => {
      const check = row.checks.find((item) => item.purpose === record.purpose)
      return {
        ...record,
        state: check?.state ?? 'pending',
        found: check?.found ?? [],
        advice: check?.advice ?? null,
      }
    }),
  }
}
