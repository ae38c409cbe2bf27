import type { Topic } from '@bulkhead/sdk'
import { argument, choice, instant, text, toggle, type Command } from '../command.ts'
import { readInput } from '../files.ts'
import { relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { facts, table, type Screen } from '../table.ts'

const topic = argument('TOPIC', 'Its id, top_…, or its number.')
const name = argument('NAME', 'Shown to recipients.')
const newName = text('name', 'NAME', 'Shown to recipients.')
const description = text('description', 'TEXT', 'What it is about, for recipients.')
const isDefault = toggle('default', 'What the topic "default" of a message means.')
const email = argument('ADDRESS', 'The address.')

const create: Command = {
  path: ['topics', 'create'],
  summary: 'Make a topic that people can leave',
  operations: ['topics.create'],
  arguments: [name],
  flags: [description, isDefault],
  examples: [
    { line: 'bulkhead topics create "Product news"', says: 'name it in messages by its id or number' },
  ],
  async run(context, given) {
    const made = await context.client().topics.create({
      name: given.argument(name),
      description: given.flag(description),
      isDefault: given.flag(isDefault) ? true : undefined,
    })
    context.out.show(made, (screen) => renderTopic(made, screen))
  },
}

const list: Command = {
  path: ['topics', 'list'],
  summary: 'List topics, oldest first',
  operations: ['topics.list'],
  flags: listFlags,
  examples: [{ line: 'bulkhead topics list', says: 'what people can leave' }],
  run: (context, given) => {
    const client = context.client()
    return showList(
      context,
      given,
      (page) => client.topics.list(page),
      (items, screen) =>
        table(
          [
            { title: 'NUMBER', of: (row) => String(row.number) },
            { title: 'NAME', of: (row) => row.name },
            { title: 'DEFAULT', of: (row) => (row.isDefault ? 'yes' : '-') },
            { title: 'LEFT', of: (row) => String(row.left) },
            { title: 'ID', of: (row) => row.id, whole: true },
          ],
          items,
          screen,
        ),
      'No topics yet. Make one with: bulkhead topics create NAME.',
    )
  },
}

const show: Command = {
  path: ['topics', 'show'],
  summary: 'Show a topic',
  operations: ['topics.get'],
  arguments: [topic],
  examples: [{ line: 'bulkhead topics show 1', says: 'by its number' }],
  async run(context, given) {
    const found = await context.client().topics.get(given.argument(topic))
    context.out.show(found, (screen) => renderTopic(found, screen))
  },
}

const notDefault = toggle('no-default', 'It is the default topic no more.')

const change: Command = {
  path: ['topics', 'change'],
  summary: 'Change a topic',
  operations: ['topics.update'],
  arguments: [topic],
  flags: [newName, description, isDefault, notDefault],
  examples: [{ line: 'bulkhead topics change 1 --default', says: 'messages may call it "default"' }],
  async run(context, given) {
    const changed = await context.client().topics.update(given.argument(topic), {
      name: given.flag(newName),
      description: given.flag(description),
      isDefault: given.flag(notDefault) ? false : given.flag(isDefault) ? true : undefined,
    })
    context.out.show(changed, (screen) => renderTopic(changed, screen))
  },
}

const remove: Command = {
  path: ['topics', 'remove'],
  summary: 'Remove a topic',
  operations: ['topics.delete'],
  arguments: [topic],
  examples: [{ line: 'bulkhead topics remove 1', says: 'its number is not used again' }],
  async run(context, given) {
    await context.client().topics.delete(given.argument(topic))
    context.out.show({ removed: given.argument(topic) }, () => `Removed topic ${given.argument(topic)}.\n`)
  },
}

const ofAddress: Command = {
  path: ['topics', 'of'],
  summary: 'Show which topics an address has left',
  operations: ['topics.ofAddress'],
  arguments: [email],
  examples: [{ line: 'bulkhead topics of ann@example.com', says: 'what she gets' }],
  async run(context, given) {
    const { data } = await context.client().topics.ofAddress({ email: given.argument(email) })
    context.out.show({ data }, (screen) =>
      table(
        [
          { title: 'NUMBER', of: (row) => String(row.number) },
          { title: 'NAME', of: (row) => row.name },
          { title: 'LEFT', of: (row) => (row.leftAt === null ? '-' : relative(row.leftAt, screen.now)) },
        ],
        data,
        screen,
      ),
    )
  },
}

const onlyTopic = text('topic', 'TOPIC', 'Only this topic: its id, top_…, or its number.')
const onlyEmail = text('email', 'ADDRESS', 'Only this address.')
const since = instant('since', 'past', 'Only those who left since then.')

const left: Command = {
  path: ['topics', 'left'],
  summary: 'List who has left topics, newest first',
  operations: ['topicSuppressions.list'],
  flags: [onlyTopic, onlyEmail, since, ...listFlags],
  examples: [{ line: 'bulkhead topics left --topic 1', says: 'who gets nothing of it any more' }],
  run: (context, given) => {
    const client = context.client()
    const filter = {
      topic: given.flag(onlyTopic),
      email: given.flag(onlyEmail),
      since: given.flag(since),
    }
    return showList(
      context,
      given,
      (page) => client.topicSuppressions.list({ ...filter, ...page }),
      (items, screen) =>
        table(
          [
            { title: 'ADDRESS', of: (row) => row.email ?? '(erased)' },
            { title: 'TOPIC', of: (row) => row.topicName },
            { title: 'HOW', of: (row) => row.via },
            { title: 'WHEN', of: (row) => relative(row.createdAt, screen.now) },
          ],
          items,
          screen,
        ),
      'Nobody has left a topic.',
    )
  },
}

const act = choice('action', ['leave', 'return', 'ask'], 'leave (default), return, or ask who has left.')
const file = text('file', 'FILE', 'Addresses, one on each line; - is standard input.')
const one = text('address', 'ADDRESS', 'One address.')

const leavers: Command = {
  path: ['topics', 'leavers'],
  summary: 'Note that addresses have left a topic or come back, or ask which have',
  operations: ['topicSuppressions.add', 'topicSuppressions.remove', 'topicSuppressions.search'],
  arguments: [topic],
  flags: [act, one, file],
  examples: [
    { line: 'bulkhead topics leavers 1 --address ann@example.com', says: 'she wants no more of it' },
    { line: 'bulkhead topics leavers 1 --action return --address ann@example.com', says: 'she does again' },
  ],
  async run(context, given) {
    const client = context.client()
    const id = given.argument(topic)
    const path = given.flag(file)
    const listed =
      path === undefined
        ? []
        : (await readInput(context, path, 16 * 1024 * 1024)).toString('utf8').split(/\r?\n/)
    const emails = [given.flag(one) ?? '', ...listed].map((text) => text.trim()).filter((text) => text !== '')
    const action = given.flag(act) ?? 'leave'
    if (action === 'return') {
      for (const address of emails) await client.topicSuppressions.remove(id, { email: address })
      context.out.show({ returned: emails }, () => `${emails.length} get mail of topic ${id} again.\n`)
      return
    }
    if (action === 'ask') {
      const found = await client.topicSuppressions.search(id, { emails })
      context.out.show(found, () => found.emails.map((address) => `${address}\n`).join(''))
      return
    }
    const added = await client.topicSuppressions.add(id, { emails })
    context.out.show(
      added,
      () => `${added.added} of ${added.emails.length} had not left topic ${id} before.\n`,
    )
  },
}

function renderTopic(found: Topic, screen: Screen): string {
  return facts(
    [
      ['Topic', found.name],
      ['Number', String(found.number)],
      ['Description', found.description],
      ['Default', found.isDefault ? 'yes' : 'no'],
      ['Left', String(found.left)],
      ['Id', found.id],
    ],
    screen,
  )
}

export const topicCommands: readonly Command[] = [
  create,
  list,
  show,
  change,
  remove,
  ofAddress,
  left,
  leavers,
]
