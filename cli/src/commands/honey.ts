import { argument, type Command } from '../command.ts'
import { relative } from '../instants.ts'
import { facts, table } from '../table.ts'

const email = argument('ADDRESS', 'An address that nobody has and nobody types by mistake.')
const which = argument('ACCOUNT', 'Id of the honey account, per_….')

const add: Command = {
  path: ['honey', 'add'],
  summary: 'Make an account that nobody has: whoever tries it sets off an alarm',
  description:
    "For the operator: needs the operator's key. Put the address where only a thief finds it: into an export, a test list, a document.",
  operations: ['honey.add'],
  arguments: [email],
  examples: [
    { line: 'bulkhead honey add m.ashdown@example.com', says: 'whoever tries it has a list of addresses' },
  ],
  async run(context, given) {
    const made = await context.operator().honey.add({ email: given.argument(email) })
    context.out.show(made, (screen) =>
      facts(
        [
          ['Honey account', made.email],
          ['Id', made.id],
        ],
        screen,
      ),
    )
  },
}

const list: Command = {
  path: ['honey', 'list'],
  summary: 'List honey accounts, and when somebody tried them',
  description: "For the operator: needs the operator's key.",
  operations: ['honey.list'],
  examples: [{ line: 'bulkhead honey list', says: 'has somebody gone through a list?' }],
  async run(context) {
    const found = await context.operator().honey.list()
    context.out.show(found, (screen) =>
      found.data.length === 0
        ? 'No honey accounts. Make some with: bulkhead honey add ADDRESS.\n'
        : table(
            [
              { title: 'ADDRESS', of: (row) => row.email },
              { title: 'MADE', of: (row) => relative(row.createdAt, screen.now) },
              {
                title: 'TRIED',
                of: (row) => (row.touchedAt === null ? 'never' : relative(row.touchedAt, screen.now)),
              },
              { title: 'ID', of: (row) => row.id, whole: true },
            ],
            found.data,
            screen,
          ),
    )
  },
}

const remove: Command = {
  path: ['honey', 'remove'],
  summary: 'Remove a honey account',
  description:
    "For the operator: needs the operator's key. The account of a person is never removed by this.",
  operations: ['honey.remove'],
  arguments: [which],
  examples: [{ line: 'bulkhead honey remove per_01…', says: 'its address is free again' }],
  async run(context, given) {
    const id = given.argument(which)
    await context.operator().honey.remove(id)
    context.out.show({ removed: id }, () => `${id} is removed.\n`)
  },
}

export const honeyCommands: readonly Command[] = [add, list, remove]
