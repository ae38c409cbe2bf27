import type { Contact } from '@bulkhead/sdk'
import { argument, choice, text, texts, toggle, type Command, type Given } from '../command.ts'
import { UsageError } from '../failure.ts'
import { clock, relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { facts, table, type Screen } from '../table.ts'

const email = argument('ADDRESS', 'The address.')
const contact = argument('CONTACT', 'The address, or the id, con_….')
const firstName = text('first-name', 'NAME', 'The first name; empty takes it away.')
const lastName = text('last-name', 'NAME', 'The last name; empty takes it away.')
const attributes = texts(
  'attribute',
  'NAME=VALUE',
  'Something else that is known, for templates; repeatable. true, false and numbers are what they are; --attribute \'plan="7"\' is text. Without a value it is taken away.',
)
const lists = texts('list', 'LIST', 'A list to put it on, lst_…; repeatable.')
const unsubscribed = choice('unsubscribed', ['yes', 'no'], 'Whether broadcasts go there.')
const upsert = toggle('upsert', 'Change the contact that has the address already.')
const onList = text('list', 'LIST', 'Only those on this list, lst_….')
const onlyUnsubscribed = choice('unsubscribed', ['yes', 'no'], 'Only those that are, or are not.')

type Value = string | number | boolean

function valueOf(written: string): Value {
  try {
    const value: unknown = JSON.parse(written)
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  } catch {
    // Words without quotes are text.
  }
  return written
}

/** The attributes that were given; null takes one away. */
function givenAttributes(given: Given): Record<string, Value | null> | undefined {
  const entries = given.flag(attributes).map((written): [string, Value | null] => {
    const at = written.indexOf('=')
    if (at === 0) throw new UsageError(`--attribute ${written}: write NAME=VALUE, such as plan=gold.`)
    if (at < 0 || at === written.length - 1) return [written.replace(/=$/, ''), null]
    return [written.slice(0, at), valueOf(written.slice(at + 1))]
  })
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

function withoutNulls(given: Record<string, Value | null> | undefined): Record<string, Value> | undefined {
  if (given === undefined) return undefined
  const known = Object.entries(given).filter((entry): entry is [string, Value] => entry[1] !== null)
  return Object.fromEntries(known)
}

function isUnsubscribed(words: 'yes' | 'no' | undefined): boolean | undefined {
  return words === undefined ? undefined : words === 'yes'
}

const add: Command = {
  path: ['contacts', 'add'],
  summary: 'Add a contact',
  operations: ['contacts.create'],
  arguments: [email],
  flags: [firstName, lastName, attributes, lists, unsubscribed, upsert],
  examples: [
    {
      line: 'bulkhead contacts add ann@example.com --first-name Ann --attribute plan=gold --list lst_01jq…',
      says: 'with an attribute, on a list',
    },
  ],
  async run(context, given) {
    const added = await context.client().contacts.create({
      email: given.argument(email),
      firstName: given.flag(firstName),
      lastName: given.flag(lastName),
      attributes: withoutNulls(givenAttributes(given)),
      lists: given.flag(lists).length === 0 ? undefined : [...given.flag(lists)],
      unsubscribed: isUnsubscribed(given.flag(unsubscribed)),
      upsert: given.flag(upsert) || undefined,
    })
    context.out.show(added, (screen) => renderContact(added, screen))
  },
}

const list: Command = {
  path: ['contacts', 'list'],
  summary: 'List contacts, newest first',
  operations: ['contacts.list'],
  flags: [onList, onlyUnsubscribed, ...listFlags],
  examples: [{ line: 'bulkhead contacts list --list lst_01jq…', says: 'who is on a list' }],
  run: (context, given) => {
    const client = context.client()
    const wanted = given.flag(onlyUnsubscribed)
    const filter = {
      listId: given.flag(onList),
      unsubscribed:
        wanted === undefined ? undefined : wanted === 'yes' ? ('true' as const) : ('false' as const),
    }
    return showList(
      context,
      given,
      (page) => client.contacts.list({ ...filter, ...page }),
      (items, screen) =>
        table(
          [
            { title: 'ADDRESS', of: (row) => row.email },
            { title: 'NAME', of: nameOf },
            { title: 'MAIL', of: (row) => (row.unsubscribed ? 'unsubscribed' : 'yes') },
            { title: 'SINCE', of: (row) => relative(row.createdAt, screen.now) },
            { title: 'ID', of: (row) => row.id, whole: true },
          ],
          items,
          screen,
        ),
      'No contacts match. Add one with: bulkhead contacts add ann@example.com.',
    )
  },
}

const count: Command = {
  path: ['contacts', 'count'],
  summary: 'Count contacts',
  operations: ['contacts.count'],
  examples: [{ line: 'bulkhead contacts count', says: 'all, and those that are unsubscribed' }],
  async run(context) {
    const counted = await context.client().contacts.count()
    context.out.show(counted, (screen) =>
      facts(
        [
          ['Contacts', String(counted.contacts)],
          ['Unsubscribed', String(counted.unsubscribed)],
        ],
        screen,
      ),
    )
  },
}

const show: Command = {
  path: ['contacts', 'show'],
  summary: 'Show a contact',
  operations: ['contacts.get'],
  arguments: [contact],
  examples: [{ line: 'bulkhead contacts show ann@example.com', says: 'what is known of her' }],
  async run(context, given) {
    const found = await context.client().contacts.get(given.argument(contact))
    context.out.show(found, (screen) => renderContact(found, screen))
  },
}

const newEmail = text('email', 'ADDRESS', 'Another address.')

const change: Command = {
  path: ['contacts', 'change'],
  summary: 'Change a contact',
  operations: ['contacts.update'],
  arguments: [contact],
  flags: [newEmail, firstName, lastName, attributes, unsubscribed],
  examples: [
    {
      line: 'bulkhead contacts change ann@example.com --attribute plan=silver',
      says: 'what is not named stays',
    },
    { line: 'bulkhead contacts change ann@example.com --unsubscribed yes', says: 'no more broadcasts' },
  ],
  async run(context, given) {
    const changed = await context.client().contacts.update(given.argument(contact), {
      email: given.flag(newEmail),
      firstName: emptyAsNull(given.flag(firstName)),
      lastName: emptyAsNull(given.flag(lastName)),
      attributes: givenAttributes(given),
      unsubscribed: isUnsubscribed(given.flag(unsubscribed)),
    })
    context.out.show(changed, (screen) => renderContact(changed, screen))
  },
}

const remove: Command = {
  path: ['contacts', 'remove'],
  summary: 'Delete a contact; an opt-out stays',
  operations: ['contacts.delete'],
  arguments: [contact],
  examples: [
    {
      line: 'bulkhead contacts remove ann@example.com',
      says: 'whoever had unsubscribed stays on the suppression list for bulk mail',
    },
  ],
  async run(context, given) {
    await context.client().contacts.delete(given.argument(contact))
    context.out.show({ removed: given.argument(contact) }, () => `Removed ${given.argument(contact)}.\n`)
  },
}

function emptyAsNull(words: string | undefined): string | null | undefined {
  return words === '' ? null : words
}

function nameOf(row: Contact): string {
  return [row.firstName, row.lastName].filter((part) => part !== null).join(' ') || '-'
}

function renderContact(found: Contact, screen: Screen): string {
  return facts(
    [
      ['Address', found.email],
      ['Name', nameOf(found)],
      ...Object.entries(found.attributes).map(([name, value]): [string, string] => [name, String(value)]),
      ['Unsubscribed', found.unsubscribedAt === null ? 'no' : `since ${clock(found.unsubscribedAt)} UTC`],
      ['Since', `${clock(found.createdAt)} UTC`],
      ['Id', found.id],
    ],
    screen,
  )
}

export const contactCommands: readonly Command[] = [add, list, count, show, change, remove]
