import { CHOICES } from '@bulkhead/sdk'
import { argument, choicesOf, requiredText, text, type Command } from '../command.ts'
import { UsageError } from '../failure.ts'
import { clock, relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { facts, table, type Screen } from '../table.ts'

const which = argument('SET', 'The id of a permission set, pst_…, from bulkhead permission-sets list.')
const name = requiredText('name', 'NAME', 'What it is called.')
const newName = text('name', 'NAME', 'What it shall be called.')
const SCOPES = CHOICES['permissionSets.create'].scopes
const scopes = choicesOf('scope', 'SCOPE', SCOPES, 'What those who have it may do; at most what you may do.')
const newScopes = choicesOf('scope', 'SCOPE', SCOPES, 'What they may do from now on, all of it.')

interface Set {
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly createdAt: string
}

function setText(set: Set, screen: Screen): string {
  return facts(
    [
      ['Set', set.name],
      ['Id', set.id],
      ['May', set.scopes.join(', ')],
      ['Made', `${clock(set.createdAt)} UTC`],
    ],
    screen,
  )
}

const create: Command = {
  path: ['permission-sets', 'create'],
  summary: 'Make a permission set',
  description: 'Rights to give to members in place of those of a role.',
  operations: ['permissionSets.create'],
  flags: [name, scopes],
  examples: [
    {
      line: 'bulkhead permission-sets create --name "DNS" --scope domains:read,domains:write',
      says: 'for who looks after the domains and nothing else',
    },
  ],
  async run(context, given) {
    const wanted = given.flag(scopes)
    if (wanted.length === 0) throw new UsageError('--scope is missing: say at least one.')
    const made = await context.client().permissionSets.create({ name: given.flag(name), scopes: wanted })
    context.out.show(made, (screen) => setText(made, screen))
  },
}

const list: Command = {
  path: ['permission-sets', 'list'],
  summary: 'List permission sets, newest first',
  operations: ['permissionSets.list'],
  flags: listFlags,
  examples: [{ line: 'bulkhead permission-sets list', says: 'what you made besides the roles' }],
  run: (context, given) => {
    const client = context.client()
    return showList(
      context,
      given,
      (page) => client.permissionSets.list(page),
      (items, screen) =>
        table(
          [
            { title: 'NAME', of: (row) => row.name },
            { title: 'MAY', of: (row) => row.scopes.join(', ') },
            { title: 'MADE', of: (row) => relative(row.createdAt, screen.now) },
            { title: 'ID', of: (row) => row.id, whole: true },
          ],
          items,
          screen,
        ),
      'No permission sets. Make one with: bulkhead permission-sets create.',
    )
  },
}

const show: Command = {
  path: ['permission-sets', 'show'],
  summary: 'Show a permission set',
  operations: ['permissionSets.get'],
  arguments: [which],
  examples: [{ line: 'bulkhead permission-sets show pst_01…', says: 'its rights, all of them' }],
  async run(context, given) {
    const set = await context.client().permissionSets.get(given.argument(which))
    context.out.show(set, (screen) => setText(set, screen))
  },
}

const update: Command = {
  path: ['permission-sets', 'update'],
  summary: 'Change a permission set',
  description:
    'Holds at the next request of everybody who has it. You need all rights of the set, before and after.',
  operations: ['permissionSets.update'],
  arguments: [which],
  flags: [newName, newScopes],
  examples: [
    { line: 'bulkhead permission-sets update pst_01… --scope domains:read', says: 'reading, and no more' },
  ],
  async run(context, given) {
    const called = given.flag(newName)
    const wanted = given.flag(newScopes)
    if (called === undefined && wanted.length === 0)
      throw new UsageError('Nothing to change: give --name or --scope.')
    const set = await context.client().permissionSets.update(given.argument(which), {
      ...(called === undefined ? {} : { name: called }),
      ...(wanted.length === 0 ? {} : { scopes: wanted }),
    })
    context.out.show(set, (screen) => setText(set, screen))
  },
}

const remove: Command = {
  path: ['permission-sets', 'delete'],
  summary: 'Delete a permission set that nobody has',
  operations: ['permissionSets.delete'],
  arguments: [which],
  examples: [{ line: 'bulkhead permission-sets delete pst_01…', says: 'refused while a member has it' }],
  async run(context, given) {
    const id = given.argument(which)
    await context.client().permissionSets.delete(id)
    context.out.show({ deleted: id }, () => `Deleted ${id}.\n`)
  },
}

export const permissionSetCommands: readonly Command[] = [create, list, show, update, remove]
