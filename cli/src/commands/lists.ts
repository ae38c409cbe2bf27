import type { ContactList } from '@bulkhead/sdk'
import { argument, text, texts, type Command } from '../command.ts'
import { UsageError } from '../failure.ts'
import { clock, relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { facts, table, type Screen } from '../table.ts'

const name = argument('NAME', 'What people call it.')
const listArgument = argument('LIST', 'The id, lst_….')
const description = text('description', 'TEXT', 'For people; empty takes it away.')
const newName = text('name', 'TEXT', 'Another name.')
const contacts = texts('contact', 'CONTACT', 'An address, or an id, con_…; repeatable.')
const ofContact = text('contact', 'CONTACT', 'Only the lists that this contact is on: an address or id.')

const create: Command = {
  path: ['lists', 'create'],
  summary: 'Make a list of contacts',
  operations: ['lists.create'],
  arguments: [name],
  flags: [description],
  examples: [{ line: 'bulkhead lists create Newsletter', says: 'for those who want news' }],
  async run(context, given) {
    const made = await context
      .client()
      .lists.create({ name: given.argument(name), description: given.flag(description) })
    context.out.show(made, (screen) => renderList(made, screen))
  },
}

const list: Command = {
  path: ['lists', 'list'],
  summary: 'List the lists of contacts, newest first',
  operations: ['lists.list'],
  flags: [ofContact, ...listFlags],
  examples: [{ line: 'bulkhead lists list --contact ann@example.com', says: 'which she is on' }],
  run: (context, given) => {
    const client = context.client()
    const filter = { contact: given.flag(ofContact) }
    return showList(
      context,
      given,
      (page) => client.lists.list({ ...filter, ...page }),
      (items, screen) =>
        table(
          [
            { title: 'NAME', of: (row) => row.name },
            { title: 'CONTACTS', of: (row) => String(row.contacts), align: 'right' },
            { title: 'MADE', of: (row) => relative(row.createdAt, screen.now) },
            { title: 'ID', of: (row) => row.id, whole: true },
          ],
          items,
          screen,
        ),
      'No lists match. Make one with: bulkhead lists create NAME.',
    )
  },
}

const show: Command = {
  path: ['lists', 'show'],
  summary: 'Show a list and how many contacts are on it',
  operations: ['lists.get'],
  arguments: [listArgument],
  examples: [{ line: 'bulkhead lists show lst_01jq…', says: 'its contacts: bulkhead contacts list --list' }],
  async run(context, given) {
    const found = await context.client().lists.get(given.argument(listArgument))
    context.out.show(found, (screen) => renderList(found, screen))
  },
}

const change: Command = {
  path: ['lists', 'change'],
  summary: 'Change the name or description of a list',
  operations: ['lists.update'],
  arguments: [listArgument],
  flags: [newName, description],
  examples: [{ line: 'bulkhead lists change lst_01jq… --name News', says: 'another name' }],
  async run(context, given) {
    const words = given.flag(description)
    const changed = await context.client().lists.update(given.argument(listArgument), {
      name: given.flag(newName),
      description: words === '' ? null : words,
    })
    context.out.show(changed, (screen) => renderList(changed, screen))
  },
}

const remove: Command = {
  path: ['lists', 'delete'],
  summary: 'Delete a list; its contacts stay',
  operations: ['lists.delete'],
  arguments: [listArgument],
  examples: [{ line: 'bulkhead lists delete lst_01jq…', says: 'nobody is deleted with it' }],
  async run(context, given) {
    await context.client().lists.delete(given.argument(listArgument))
    context.out.show({ deleted: given.argument(listArgument) }, () => 'Deleted; its contacts stay.\n')
  },
}

function needed(given: readonly string[]): string[] {
  if (given.length === 0) throw new UsageError('--contact is missing: an address, or an id, con_….')
  return [...given]
}

const addContacts: Command = {
  path: ['lists', 'add-contacts'],
  summary: 'Put contacts on a list',
  operations: ['lists.addContacts'],
  arguments: [listArgument],
  flags: [contacts],
  examples: [
    {
      line: 'bulkhead lists add-contacts lst_01jq… --contact ann@example.com --contact bob@example.com',
      says: 'all of them, or none where one is no contact',
    },
  ],
  async run(context, given) {
    const done = await context
      .client()
      .lists.addContacts(given.argument(listArgument), { contacts: needed(given.flag(contacts)) })
    context.out.show(done, () => `Added ${done.added}; ${done.unchanged} were on it.\n`)
  },
}

const removeContacts: Command = {
  path: ['lists', 'remove-contacts'],
  summary: 'Take contacts off a list',
  operations: ['lists.removeContacts'],
  arguments: [listArgument],
  flags: [contacts],
  examples: [
    {
      line: 'bulkhead lists remove-contacts lst_01jq… --contact ann@example.com',
      says: 'she stays a contact',
    },
  ],
  async run(context, given) {
    const done = await context
      .client()
      .lists.removeContacts(given.argument(listArgument), { contacts: needed(given.flag(contacts)) })
    context.out.show(done, () => `Removed ${done.removed}; ${done.unchanged} were not on it.\n`)
  },
}

function renderList(found: ContactList, screen: Screen): string {
  return facts(
    [
      ['Name', found.name],
      ['Description', found.description],
      ['Contacts', String(found.contacts)],
      ['Made', `${clock(found.createdAt)} UTC`],
      ['Id', found.id],
    ],
    screen,
  )
}

export const listCommands: readonly Command[] = [
  create,
  list,
  show,
  change,
  remove,
  addContacts,
  removeContacts,
]
