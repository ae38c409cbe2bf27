import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { idCursor, idOf, idOfCursor, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import { isUniqueViolation } from '../../platform/postgres/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { ReadingBudget } from '../../security/limits/index.ts'
import { findOptOut, keepOptOut, optOutEntry } from '../suppressions/index.ts'
import {
  blindIndex,
  openContacts,
  presentContact,
  sealContact,
  type ContactKeyring,
} from './contact-sealing.ts'
import { changed, contactAddress, namedContact, noContact } from './contact.ts'
import type { AttributeChange, Attributes, ContactChange, ContactView, Named } from './contact.ts'
import {
  countContacts,
  deleteContactRow,
  insertContact,
  selectContact,
  selectContacts,
  selectMembers,
  updateContactRow,
} from './contacts-store.ts'
import type { ContactRow } from './contacts-store.ts'
import { addToLists, requireLists } from './lists-store.ts'

type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'actor' | 'read' | 'act'>

interface Wanted {
  readonly email: string
  readonly firstName?: string | undefined
  readonly lastName?: string | undefined
  readonly attributes?: Attributes | undefined
  readonly unsubscribed?: boolean | undefined
  /** Ids, lst_…. */
  readonly lists?: readonly string[] | undefined
  /** Changes the contact that has the address already. */
  readonly upsert?: boolean | undefined
}

interface Change extends ContactChange {
  readonly attributes?: AttributeChange | undefined
  readonly unsubscribed?: boolean | undefined
}

interface Query {
  readonly listId?: string | undefined
  readonly unsubscribed?: 'true' | 'false' | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

export interface Contacts {
  /** Throws `conflict` where the address is a contact's already, unless `upsert`. Whoever unsubscribed before stays so, whatever is said. */
  create(caller: Caller, wanted: Wanted): Promise<ContactView>
  get(caller: Caller, reference: string): Promise<ContactView>
  /** What is undefined stays as it is. */
  update(caller: Caller, reference: string, change: Change): Promise<ContactView>
  /** An opt-out stays, as a suppression of bulk mail. */
  remove(caller: Caller, reference: string): Promise<void>
  list(caller: Caller, query: Query): Promise<{ data: ContactView[]; nextCursor: string | null }>
  count(caller: Caller): Promise<{ contacts: number; unsubscribed: number }>
}

/** Two changes at the same moment; the later one begins anew. */
const TRIES = 4

/** Contacts: see the slice's door for what holds. */
export function createContacts(deps: {
  readonly keyring: ContactKeyring
  readonly budget: ReadingBudget
  readonly newId: () => string
  readonly nowMs: () => number
}): Contacts {
  const { keyring } = deps

  async function find(caller: Caller, named: Named): Promise<ContactRow | undefined> {
    const { workspaceId } = caller
    const which = 'id' in named ? named : { index: await blindIndex(keyring, workspaceId, named.indexed) }
    return caller.read((db) => selectContact(db, workspaceId, which))
  }

  async function require(caller: Caller, reference: string): Promise<ContactRow> {
    const named = namedContact(reference)
    const row = named === undefined ? undefined : await find(caller, named)
    if (row === undefined) throw noContact()
    return row
  }

  async function views(caller: Caller, rows: readonly ContactRow[], reason: string): Promise<ContactView[]> {
    await deps.budget.spend(caller, rows.length)
    const facts = await openContacts(keyring, caller.workspaceId, rows, reason)
    return rows.flatMap((row, position) => {
      const known = facts[position]
      return known === undefined ? [] : [presentContact(row, known)]
    })
  }

  async function one(caller: Caller, row: ContactRow, reason: string): Promise<ContactView> {
    const [view] = await views(caller, [row], reason)
    if (view === undefined) throw new Error('a row has no view')
    return view
  }

  async function insert(caller: Caller, wanted: Wanted, email: string, index: Buffer): Promise<ContactView> {
    const { workspaceId } = caller
    const id = deps.newId()
    const facts = changed({ email, firstName: null, lastName: null, attributes: {} }, { ...wanted, email })
    const sealed = await sealContact(keyring, workspaceId, id, facts)
    const lists = listIds(wanted.lists)
    const row = await caller.act(async (db, about) => {
      const known = await findOptOut(db, workspaceId, index)
      const added = await insertContact(db, workspaceId, {
        id,
        index,
        sealed,
        optedOutAt: known?.created_at ?? (wanted.unsubscribed === true ? new Date(deps.nowMs()) : null),
        optedOutBy: known?.id ?? null,
      })
      if (added === undefined)
        throw new Fault('conflict', { detail: 'The contact was made at the same moment; try again.' })
      await join(db, workspaceId, id, lists)
      about(encodeId('contact', id), { isNew: true, lists: lists.length })
      return added
    })
    return presentContact(row, facts)
  }

  /** Reads, changes and writes; where another was faster, anew. */
  async function change(
    caller: Caller,
    first: ContactRow,
    wanted: Change,
    lists: readonly string[],
  ): Promise<ContactView> {
    let row: ContactRow | undefined = first
    for (let tries = 0; tries < TRIES && row !== undefined; tries++) {
      const done = await changeOnce(caller, row, wanted, lists)
      if (done !== undefined) return done
      row = await find(caller, { id: row.id })
    }
    if (row === undefined) throw noContact()
    throw new Fault('conflict', { detail: 'The contact is being changed by others; try again.' })
  }

  async function changeOnce(
    caller: Caller,
    row: ContactRow,
    wanted: Change,
    lists: readonly string[],
  ): Promise<ContactView | undefined> {
    const { workspaceId } = caller
    const [before] = await openContacts(keyring, workspaceId, [row], 'contacts.update')
    if (before === undefined) throw new Error('a row has no facts')
    const address = wanted.email === undefined ? undefined : contactAddress(wanted.email)
    const facts = changed(before, { ...wanted, email: address?.email })
    const index =
      address === undefined ? row.address_index : await blindIndex(keyring, workspaceId, address.indexed)
    const sealed = await sealContact(keyring, workspaceId, row.id, facts)
    try {
      const after = await caller.act(async (db, about) => {
        const optedOut = await optOutAfter(db, workspaceId, index, address !== undefined, wanted.unsubscribed)
        const written = await updateContactRow(db, workspaceId, {
          id: row.id,
          version: row.version,
          index,
          sealed,
          optedOut,
        })
        if (written === undefined) throw new Overtaken()
        await join(db, workspaceId, row.id, lists)
        about(encodeId('contact', row.id), {
          isNew: false,
          changed: Object.keys(wanted).filter((key) => Reflect.get(wanted, key) !== undefined),
          lists: lists.length,
        })
        return written
      })
      return presentContact(after, facts)
    } catch (error) {
      if (error instanceof Overtaken) return undefined
      if (isUniqueViolation(error)) throw taken('email')
      throw error
    }
  }

  return {
    async create(caller, wanted) {
      const { email, indexed } = contactAddress(wanted.email)
      const index = await blindIndex(keyring, caller.workspaceId, indexed)
      const there = await caller.read((db) => selectContact(db, caller.workspaceId, { index }))
      if (there === undefined) return insert(caller, wanted, email, index)
      if (wanted.upsert !== true) throw taken('email', encodeId('contact', there.id))
      const { firstName, lastName, attributes, unsubscribed } = wanted
      return change(caller, there, { firstName, lastName, attributes, unsubscribed }, listIds(wanted.lists))
    },

    async get(caller, reference) {
      return one(caller, await require(caller, reference), 'contacts.get')
    },

    async update(caller, reference, wanted) {
      if (Object.values(wanted).every((value) => value === undefined))
        throw invalidField('', 'nothing is to be changed', 'Give what shall be different.')
      return change(caller, await require(caller, reference), wanted, [])
    },

    async remove(caller, reference) {
      const { workspaceId } = caller
      const row = await require(caller, reference)
      const [facts] = await openContacts(keyring, workspaceId, [row], 'contacts.delete')
      if (facts === undefined) throw new Error('a row has no facts')
      const contentKey = await keyring.contentKey(workspaceId)
      const entry = optOutEntry(workspaceId, deps.newId(), facts.email, contentKey)
      await caller.act(async (db, about) => {
        const gone = await deleteContactRow(db, workspaceId, row.id)
        if (gone === undefined) throw noContact()
        const isOptedOut = gone.opted_out_at !== null
        if (isOptedOut) await keepOptOut(db, workspaceId, gone.address_index, entry)
        about(encodeId('contact', row.id), { optOutKept: isOptedOut })
      })
    },

    async list(caller, query) {
      const { workspaceId } = caller
      const filter = {
        unsubscribed: query.unsubscribed === undefined ? null : query.unsubscribed === 'true',
        before: idOfCursor(query.cursor),
      }
      const listId = query.listId === undefined ? undefined : idOf('list', query.listId)
      const rows = await caller.read(async (db) => {
        if (listId === undefined) return selectContacts(db, workspaceId, filter, query.limit + 1)
        await requireLists(db, workspaceId, [listId])
        return selectMembers(db, workspaceId, listId, filter, query.limit + 1)
      })
      const shown = page(
        rows,
        query.limit,
        (row) => row,
        (row) => idCursor(row.id),
      )
      return { data: await views(caller, shown.data, 'contacts.list'), nextCursor: shown.nextCursor }
    },

    count: (caller) => caller.read((db) => countContacts(db, caller.workspaceId)),
  }
}

class Overtaken extends Error {
  constructor() {
    super('the contact was changed meanwhile')
  }
}

function taken(field: string, id?: string): Fault {
  return new Fault('conflict', {
    detail: `${id === undefined ? 'Another contact' : `The contact ${id}`} has this address already.`,
    fields: [{ field, problem: 'is a contact already', fix: 'Change that contact, or give upsert.' }],
  })
}

function listIds(lists: readonly string[] | undefined): string[] {
  return [...new Set((lists ?? []).map((list) => idOf('list', list)))]
}

async function join(
  db: TenantDatabase,
  workspaceId: string,
  contactId: string,
  lists: readonly string[],
): Promise<void> {
  if (lists.length === 0) return
  await requireLists(db, workspaceId, lists)
  await addToLists(db, workspaceId, lists, [contactId])
}

/**
 * What becomes of the opt-out; undefined: it stays. What the person said by a link or a mail stands on the suppression list, and only who
 * may change that list takes it back.
 */
async function optOutAfter(
  db: TenantDatabase,
  workspaceId: string,
  index: Buffer,
  isNewAddress: boolean,
  wanted: boolean | undefined,
): Promise<{ readonly by: string | null } | null | undefined> {
  if (wanted === undefined && !isNewAddress) return undefined
  const known = await findOptOut(db, workspaceId, index)
  if (known !== undefined) {
    if (wanted === false)
      throw new Fault('conflict', {
        detail: `unsubscribed: the person asked for no more bulk mail (${encodeId('suppression', known.id)}). Lift that suppression first, if the person wants mail again.`,
        fields: [
          {
            field: 'unsubscribed',
            problem: 'the person unsubscribed',
            fix: `bulkhead suppressions remove ${encodeId('suppression', known.id)}`,
          },
        ],
      })
    return { by: known.id }
  }
  if (wanted === undefined) return undefined
  return wanted ? { by: null } : null
}
