import { argument, type Command } from '../command.ts'
import { relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { table } from '../table.ts'
import { operatorRecoveryCommands } from './recoveries.ts'

const OPERATOR = "For the operator: needs the operator's key."
const who = argument('PERSON', 'Id of the person, per_…; see bulkhead people find.')
const email = argument('ADDRESS', 'The address that signs in.')

const list: Command = {
  path: ['people', 'list'],
  summary: 'List the people of the installation, without their addresses',
  description: OPERATOR,
  operations: ['people.list'],
  flags: listFlags,
  examples: [{ line: 'bulkhead people list', says: 'how many are there?' }],
  run: (context, given) => {
    const client = context.operator()
    return showList(
      context,
      given,
      (page) => client.people.list(page),
      (items, screen) =>
        table(
          [
            { title: 'ID', of: (row) => row.id, whole: true },
            { title: 'MADE', of: (row) => relative(row.createdAt, screen.now) },
            { title: 'WORKSPACES', of: (row) => String(row.workspaces) },
            {
              title: 'STATE',
              of: (row) =>
                row.disabledAt === null ? (row.flaggedAt === null ? 'ok' : 'probed') : 'suspended',
            },
          ],
          items,
          screen,
        ),
      'Nobody has signed up yet.',
    )
  },
}

const find: Command = {
  path: ['people', 'find'],
  summary: 'Find the person who has an address that you know',
  description: OPERATOR,
  operations: ['people.find'],
  arguments: [email],
  examples: [{ line: 'bulkhead people find ann@example.com', says: 'answers the id' }],
  async run(context, given) {
    const found = await context.operator().people.find({ email: given.argument(email) })
    context.out.show(found, () => `${found.id}\n`)
  },
}

const disable: Command = {
  path: ['people', 'disable'],
  summary: 'Suspend a person and end all sessions of theirs',
  description: OPERATOR,
  operations: ['people.disable'],
  arguments: [who],
  examples: [{ line: 'bulkhead people disable per_…', says: 'signs in nowhere, within a second' }],
  async run(context, given) {
    const id = given.argument(who)
    await context.operator().people.disable(id)
    context.out.show({ disabled: id }, () => `${id} is suspended.\n`)
  },
}

const enable: Command = {
  path: ['people', 'enable'],
  summary: 'Let a suspended person sign in again',
  description: `${OPERATOR} Password and second factors are as they were.`,
  operations: ['people.enable'],
  arguments: [who],
  examples: [{ line: 'bulkhead people enable per_…', says: 'old sessions stay dead' }],
  async run(context, given) {
    const id = given.argument(who)
    await context.operator().people.enable(id)
    context.out.show({ enabled: id }, () => `${id} may sign in again.\n`)
  },
}

const signOut: Command = {
  path: ['people', 'sign-out'],
  summary: 'End all sessions of a person',
  description: OPERATOR,
  operations: ['people.signOut'],
  arguments: [who],
  examples: [{ line: 'bulkhead people sign-out per_…', says: 'a laptop was stolen' }],
  async run(context, given) {
    const { ended } = await context.operator().people.signOut(given.argument(who))
    context.out.show({ ended }, () => `Ended ${ended}.\n`)
  },
}

export const peopleCommands: readonly Command[] = [
  list,
  find,
  disable,
  enable,
  signOut,
  ...operatorRecoveryCommands,
]
