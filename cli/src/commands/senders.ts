import type { Client } from '@bulkhead/sdk'
import { argument, text, type Command } from '../command.ts'
import { UsageError } from '../failure.ts'
import { heldUntil, relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { facts, table } from '../table.ts'

const email = argument('ADDRESS', 'The address, such as hello@example.com, in a domain of the workspace.')
const name = text('name', 'NAME', 'Name shown beside the address.')
const replyTo = text('reply-to', 'ADDRESS', 'Where answers go.')
const sender = argument('SENDER', 'Its address, or its id, snd_….')

const add: Command = {
  path: ['senders', 'add'],
  summary: 'Add a sender',
  operations: ['senders.create'],
  arguments: [email],
  flags: [name, replyTo],
  examples: [
    { line: 'bulkhead senders add hello@example.test --name "Example"', says: 'an address with a name' },
  ],
  async run(context, given) {
    const added = await context
      .client()
      .senders.create({ email: given.argument(email), name: given.flag(name), replyTo: given.flag(replyTo) })
    context.out.show(added, (screen) =>
      facts(
        [
          ['Sender', added.email],
          ['Name', added.name],
          ['Reply-To', added.replyTo],
          ['Id', added.id],
          ['New', heldUntil(added.inertUntil)],
        ],
        screen,
      ),
    )
  },
}

const list: Command = {
  path: ['senders', 'list'],
  summary: 'List senders, newest first',
  operations: ['senders.list'],
  flags: listFlags,
  examples: [{ line: 'bulkhead senders list', says: 'who may appear in From' }],
  run: (context, given) => {
    const client = context.client()
    return showList(
      context,
      given,
      (page) => client.senders.list(page),
      (items, screen) =>
        table(
          [
            { title: 'ADDRESS', of: (row) => row.email },
            { title: 'NAME', of: (row) => row.name ?? '-' },
            { title: 'REPLY-TO', of: (row) => row.replyTo ?? '-' },
            { title: 'ADDED', of: (row) => relative(row.createdAt, screen.now) },
            {
              title: 'HELD',
              of: (row) => (row.inertUntil === null ? '-' : relative(row.inertUntil, screen.now)),
            },
            { title: 'ID', of: (row) => row.id, whole: true },
          ],
          items,
          screen,
        ),
      'No senders yet. Add one with: bulkhead senders add hello@example.com.',
    )
  },
}

const remove: Command = {
  path: ['senders', 'remove'],
  summary: 'Remove a sender',
  operations: ['senders.delete'],
  arguments: [sender],
  examples: [{ line: 'bulkhead senders remove hello@example.test', says: 'by its address' }],
  async run(context, given) {
    const client = context.client()
    const id = await idOf(client, given.argument(sender))
    await client.senders.delete(id)
    context.out.show({ removed: id }, () => `Removed ${given.argument(sender)}.\n`)
  },
}

async function idOf(client: Client, given: string): Promise<string> {
  if (!given.includes('@')) return given
  for await (const item of client.senders.listAll({ limit: 100 }))
    if (item.email.toLowerCase() === given.toLowerCase()) return item.id
  throw new UsageError(`${given} is not a sender of this workspace. See: bulkhead senders list.`)
}

export const senderCommands: readonly Command[] = [add, list, remove]
