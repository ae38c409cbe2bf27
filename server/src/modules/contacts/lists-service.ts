import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { idCursor, idOf, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { blindIndexes, type ContactKeyring } from './contact-sealing.ts'
import { namedContact, noContact } from './contact.ts'
import { selectContactIds } from './contacts-store.ts'
import { LISTS_MAX, type ListView } from './list.ts'
import {
  addToLists,
  countLists,
  insertList,
  markListDeleted,
  removeFromList,
  requireLists,
  selectList,
  selectLists,
  selectListsOf,
  updateListRow,
} from './lists-store.ts'
import type { ListRow } from './lists-store.ts'

type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'read' | 'act'>

interface Page {
  readonly limit: number
  readonly cursor?: string | undefined
}

export interface ContactLists {
  create(
    caller: Caller,
    wanted: { readonly name: string; readonly description?: string | undefined },
  ): Promise<ListView>
  /** With a contact, only those that it is on. */
  list(
    caller: Caller,
    query: Page & { readonly contact?: string | undefined },
  ): Promise<{ data: ListView[]; nextCursor: string | null }>
  get(caller: Caller, listId: string): Promise<ListView>
  update(
    caller: Caller,
    listId: string,
    change: { readonly name?: string | undefined; readonly description?: string | null | undefined },
  ): Promise<ListView>
  remove(caller: Caller, listId: string): Promise<void>
  /** Ids or addresses. Who is no contact is refused with the place in the request, and nobody is added. */
  addContacts(
    caller: Caller,
    listId: string,
    contacts: readonly string[],
  ): Promise<{ added: number; unchanged: number }>
  removeContacts(
    caller: Caller,
    listId: string,
    contacts: readonly string[],
  ): Promise<{ removed: number; unchanged: number }>
}

/** Static lists: see the slice's door for what holds. */
export function createContactLists(deps: {
  readonly keyring: ContactKeyring
  readonly newId: () => string
}): ContactLists {
  /** The ids of named contacts, in their order; undefined where there is none. */
  async function resolver(
    workspaceId: string,
    contacts: readonly string[],
  ): Promise<(db: TenantDatabase) => Promise<(string | undefined)[]>> {
    const named = contacts.map(namedContact)
    const addresses = named.flatMap((item) => (item !== undefined && 'indexed' in item ? [item.indexed] : []))
    const indexes = await blindIndexes(deps.keyring, workspaceId, addresses)
    const indexOf = new Map(addresses.map((address, position) => [address, indexes[position]]))
    const ids = named.flatMap((item) => (item !== undefined && 'id' in item ? [item.id] : []))
    return async (db) => {
      const rows = await selectContactIds(db, workspaceId, ids, indexes)
      const known = new Set(rows.map((row) => row.id))
      const byIndex = new Map(rows.map((row) => [row.address_index.toString('hex'), row.id]))
      return named.map((item) => {
        if (item === undefined) return undefined
        if ('id' in item) return known.has(item.id) ? item.id : undefined
        return byIndex.get(indexOf.get(item.indexed)?.toString('hex') ?? '')
      })
    }
  }

  return {
    async create(caller, wanted) {
      const { workspaceId } = caller
      const row = await caller.act(async (db, about) => {
        if ((await countLists(db, workspaceId)) >= LISTS_MAX)
          throw new Fault('conflict', {
            detail: `This workspace has ${LISTS_MAX} lists, and that is the most.`,
          })
        const description = wanted.description === '' ? null : (wanted.description ?? null)
        const made = await insertList(db, workspaceId, { id: deps.newId(), name: wanted.name, description })
        about(encodeId('list', made.id))
        return made
      })
      return present(row)
    },

    async list(caller, query) {
      const { workspaceId } = caller
      const before = idOfCursor(query.cursor)
      const findIds = query.contact === undefined ? undefined : await resolver(workspaceId, [query.contact])
      const rows = await caller.read(async (db) => {
        if (findIds === undefined) return selectLists(db, workspaceId, before, query.limit + 1)
        const [contactId] = await findIds(db)
        if (contactId === undefined) throw noContact()
        return selectListsOf(db, workspaceId, contactId, before, query.limit + 1)
      })
      return page(rows, query.limit, present, (row) => idCursor(row.id))
    },

    async get(caller, listId) {
      const id = idOf('list', listId)
      const row = await caller.read((db) => selectList(db, caller.workspaceId, id))
      if (row === undefined) throw missing('list', id)
      return present(row)
    },

    async update(caller, listId, change) {
      const id = idOf('list', listId)
      const { name } = change
      const description = change.description === '' ? null : change.description
      if (name === undefined && description === undefined)
        throw invalidField('', 'nothing is to be changed', 'Give name or description.')
      const row = await caller.act(async (db, about) => {
        const written = await updateListRow(db, caller.workspaceId, id, { name, description })
        if (written === undefined) throw missing('list', id)
        about(listId)
        return written
      })
      return present(row)
    },

    async remove(caller, listId) {
      const id = idOf('list', listId)
      await caller.act(async (db, about) => {
        const gone = await markListDeleted(db, caller.workspaceId, id)
        if (gone === undefined) throw missing('list', id)
        about(listId, { contacts: gone.members })
      })
    },

    async addContacts(caller, listId, contacts) {
      const { workspaceId } = caller
      const id = idOf('list', listId)
      const findIds = await resolver(workspaceId, contacts)
      return caller.act(async (db, about) => {
        await requireLists(db, workspaceId, [id])
        const found = await findIds(db)
        const unknown = found.indexOf(undefined)
        if (unknown >= 0)
          throw invalidField(`contacts[${unknown}]`, 'is no contact of this workspace', 'Create it first.')
        const ids = [...new Set(found.filter((item) => item !== undefined))]
        const added = await addToLists(db, workspaceId, [id], ids)
        about(listId, { added })
        return { added, unchanged: contacts.length - added }
      })
    },

    async removeContacts(caller, listId, contacts) {
      const { workspaceId } = caller
      const id = idOf('list', listId)
      const findIds = await resolver(workspaceId, contacts)
      return caller.act(async (db, about) => {
        await requireLists(db, workspaceId, [id])
        const ids = (await findIds(db)).filter((item) => item !== undefined)
        const removed = await removeFromList(db, workspaceId, id, ids)
        about(listId, { removed })
        return { removed, unchanged: contacts.length - removed }
      })
    },
  }
}

function present(row: ListRow): ListView {
  return {
    id: encodeId('list', row.id),
    name: row.name,
    description: row.description,
    contacts: row.members,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}
