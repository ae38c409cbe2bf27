import type { z } from 'zod'
import { parseDomain } from '../../kernel/email-address.ts'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import { lookAtLinkDomain, storeLook } from './link-domain-check.ts'
import type { CheckDependencies } from './link-domain-check.ts'
import type { LinkDomain } from './link-domain.ts'
import {
  deleteLinkDomain,
  insertLinkDomain,
  ownsName,
  selectLinkDomain,
  selectLinkDomains,
} from './link-domains-store.ts'
import type { LinkDomainRow } from './link-domains-store.ts'

type View = z.output<typeof LinkDomain>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'read' | 'act'>

export interface LinkDomains {
  /** Throws `invalid_request` for what is no host of a verified sending domain, `conflict` for one that the workspace has. */
  add(caller: Caller, name: string): Promise<View>
  list(
    caller: Caller,
    query: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ data: View[]; nextCursor: string | null }>
  /** Asks DNS now. */
  verify(caller: Caller, id: string): Promise<View>
  remove(caller: Caller, id: string): Promise<void>
}

/** Link domains: hosts of customers that lead to our links, and to nothing else of ours. */
export function createLinkDomains(
  deps: CheckDependencies & {
    /** Hosts of the installation itself: whoever could claim one would take the API away from everybody. */
    readonly reserved: readonly string[]
    /** After a change: this process writes links by it at once. */
    readonly changed: (workspaceId: string) => void
    readonly newId: () => string
  },
): LinkDomains {
  const view = (row: LinkDomainRow): View => ({
    id: encodeId('linkDomain', row.id),
    name: row.name,
    state: row.state,
    record: { type: 'CNAME', name: row.name, value: deps.target, found: [...row.found], advice: row.advice },
    createdAt: row.created_at.toISOString(),
    verifiedAt: row.verified_at?.toISOString() ?? null,
    checkedAt: row.checked_at?.toISOString() ?? null,
    failingSince: row.failing_since?.toISOString() ?? null,
  })

  return {
    async add(caller, given) {
      const name = nameOf(given, deps.reserved)
      const { workspaceId } = caller
      if (!(await caller.read((db) => ownsName(db, workspaceId, name)))) {
        throw invalidField(
          'name',
          'lies in no sending domain of this workspace',
          `Add the domain that ${name} lies in first: bulkhead domains add.`,
        )
      }
      const id = deps.newId()
      return caller.act(async (db, about) => {
        if (!(await insertLinkDomain(db, workspaceId, id, name)))
          throw new Fault('conflict', { detail: `This workspace has the link domain ${name} already.` })
        const row = await selectLinkDomain(db, workspaceId, id)
        if (row === undefined) throw new Error('the link domain was not stored')
        about(encodeId('linkDomain', id), { name })
        return view(row)
      })
    },

    async list(caller, { limit, cursor }) {
      const before = idOfCursor(cursor)
      const rows = await caller.read((db) => selectLinkDomains(db, caller.workspaceId, before, limit + 1))
      return page(rows, limit, view, (row) => idCursor(row.id))
    },

    async verify(caller, id) {
      const { workspaceId } = caller
      const check = await lookAtLinkDomain(deps, await find(caller, id))
      const verified = await caller.act(async (db, about) => {
        if (!(await storeLook(db, workspaceId, check, deps.nowMs()))) throw missing('linkDomain', id)
        const row = await selectLinkDomain(db, workspaceId, id)
        if (row === undefined) throw missing('linkDomain', id)
        about(encodeId('linkDomain', id), { name: row.name, before: check.row.state, state: row.state })
        return view(row)
      })
      deps.changed(workspaceId)
      return verified
    },

    async remove(caller, id) {
      await caller.act(async (db, about) => {
        const name = await deleteLinkDomain(db, caller.workspaceId, id)
        if (name === undefined) throw missing('linkDomain', id)
        about(encodeId('linkDomain', id), { name })
      })
      deps.changed(caller.workspaceId)
    },
  }
}

async function find(caller: Caller, id: string): Promise<LinkDomainRow> {
  const row = await caller.read((db) => selectLinkDomain(db, caller.workspaceId, id))
  if (row === undefined) throw missing('linkDomain', id)
  return row
}

function nameOf(given: string, reserved: readonly string[]): string {
  const parsed = parseDomain(given.trim().replace(/\.$/, ''))
  if (!parsed.ok) {
    const problem = parsed.problem.replace('has a domain', 'is a name')
    throw invalidField('name', problem, 'Write a host such as links.example.com.')
  }
  if (reserved.includes(parsed.domain))
    throw invalidField(
      'name',
      'is a host of this installation itself',
      'Take a host of a domain of your own.',
    )
  return parsed.domain
}
