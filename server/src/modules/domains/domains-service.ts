import { parseDomain } from '../../kernel/email-address.ts'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import type { DnsResolver } from '../../platform/dns/index.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { TenantTransactions } from '../../platform/postgres/tenant.ts'
import { createDomainCheck, isTrusted, trust } from './check.ts'
import type { DomainTls } from './domain.ts'
import { domainView } from './domain-view.ts'
import type { DomainView as View } from './domain-view.ts'
import {
  deleteDomainRow,
  domainExists,
  insertDomain,
  putDefault,
  putTls,
  selectDomain,
  selectDomains,
  selectZone,
} from './domains-store.ts'
import type { DomainRecord, ZoneRow } from './domains-store.ts'
import { expectedRecords, selectorsFor } from './records.ts'
import { createKeyMaker, createRotation } from './rotate-service.ts'
import { zoneText } from './zone.ts'

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

export interface DomainChange {
  readonly isDefault?: boolean | undefined
  readonly tls?: DomainTls | undefined
}

export interface Domains {
  /** Throws `invalid_request` for what is no domain, `conflict` for one that the workspace has. */
  add(caller: Caller, name: string): Promise<View>
  list(
    caller: Caller,
    query: {
      readonly name?: string | undefined
      readonly number?: number | undefined
      readonly limit: number
      readonly cursor?: string | undefined
    },
  ): Promise<{ data: View[]; nextCursor: string | null }>
  get(caller: Caller, id: string): Promise<View>
  update(caller: Caller, id: string, change: DomainChange): Promise<View>
  /** Asks DNS now. */
  verify(caller: Caller, id: string): Promise<View>
  /** Its private keys are destroyed within a minute. */
  remove(caller: Caller, id: string): Promise<void>
  /**
   * Makes new DKIM keys, which sign once DNS shows them; in an emergency the standby signs at once. Throws `conflict` where nothing is
   * signed yet, where a rotation waits, and in an emergency without a standby in DNS.
   */
  rotate(caller: Caller, id: string, isEmergency: boolean): Promise<View>
  /** Calls a rotation off that waits for DNS. Throws `conflict` where none does. */
  cancelRotation(caller: Caller, id: string): Promise<View>
  /** The zone's records as zone-file lines, of all workspaces. Where no delegation zone is set, its names lie under the host name. */
  zoneRecords(): Promise<string>
}

const NO_WORKSPACE = '00000000-0000-0000-0000-000000000000'
const ZONE_PAGE = 1_000

/** Sending domains: see the slice's door for what holds. */
export function createDomains(deps: {
  readonly keyring: Pick<KeyringClient, 'createDkimKey' | 'destroyDkimKey'>
  readonly resolver: Pick<DnsResolver, 'txt' | 'cname'>
  readonly transactions: TenantTransactions
  readonly settings: DomainSettings
  readonly newId: () => string
  readonly clock?: () => number
}): Domains {
  const { settings } = deps
  const zone = settings.delegationZone
  const servedZone = zone ?? settings.hostname
  const check = createDomainCheck(deps)
  const rotation = createRotation({ ...deps, check })
  const makeKeys = createKeyMaker(deps.keyring)
  const clock = deps.clock ?? Date.now
  const view = (row: DomainRecord) => domainView(row, { zone, servedZone }, clock())

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
      const selectors = await makeKeys(caller.workspaceId, name, selectorsFor(caller.workspaceId, id))
      const trusted = isTrusted(name, settings)
      const expected = expectedRecords({ id, name }, selectors, zone)
      const checks = trusted ? trust(expected) : []
      return caller.act(async (db, about) => {
        if (!(await insertDomain(db, caller.workspaceId, { id, name, trusted, checks }, selectors)))
          throw exists(name)
        const row = await selectDomain(db, caller.workspaceId, id)
        if (row === undefined) throw new Error('the domain was not stored')
        about(encodeId('domain', id), { name, trusted })
        return view(row)
      })
    },

    async list(caller, { limit, cursor, name, number }) {
      const filter = {
        before: idOfCursor(cursor),
        name: name === undefined ? null : name.trim().toLowerCase().replace(/\.$/, ''),
        number: number ?? null,
      }
      const rows = await caller.read((db) => selectDomains(db, caller.workspaceId, filter, limit + 1))
      return page(rows, limit, view, (row) => idCursor(row.id))
    },

    get: async (caller, id) => view(await find(caller, id)),

    update: (caller, id, change) =>
      caller.act(async (db, about) => {
        const { isDefault, tls } = change
        if (isDefault === undefined && tls === undefined)
          throw invalidField('', 'nothing is to be changed', 'Give isDefault or tls.')
        if (isDefault !== undefined && !(await putDefault(db, caller.workspaceId, id, isDefault)))
          throw missing('domain', id)
        if (tls !== undefined && !(await putTls(db, caller.workspaceId, id, tls === 'required')))
          throw missing('domain', id)
        const row = await selectDomain(db, caller.workspaceId, id)
        if (row === undefined) throw missing('domain', id)
        about(encodeId('domain', id), { name: row.name, ...change })
        return view(row)
      }),

    async verify(caller, id) {
      const outcome = await check.look(await find(caller, id))
      return caller.act(async (db, about) => {
        const risen = await check.store(db, caller.workspaceId, outcome)
        if (risen === null) throw missing('domain', id)
        const row = await selectDomain(db, caller.workspaceId, id)
        if (row === undefined) throw missing('domain', id)
        about(encodeId('domain', id), {
          name: row.name,
          before: outcome.before,
          state: row.state,
          ...(risen.length === 0 ? {} : { keysChanged: risen }),
        })
        return view(row)
      })
    },

    remove: (caller, id) =>
      caller.act(async (db, about) => {
        const name = await deleteDomainRow(db, caller.workspaceId, id)
        if (name === undefined) throw missing('domain', id)
        about(encodeId('domain', id), { name })
      }),

    rotate: async (caller, id, isEmergency) => view(await rotation.rotate(caller, id, isEmergency)),
    cancelRotation: async (caller, id) => view(await rotation.cancel(caller, id)),

    async zoneRecords() {
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
      return zoneText({ zone: servedZone, hostname: settings.hostname, rows })
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
