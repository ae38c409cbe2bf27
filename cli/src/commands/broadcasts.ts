import { CHOICES, type Broadcast } from '@bulkhead/sdk'
import { argument, choice, instant, text, texts, toggle, type Command } from '../command.ts'
import { UsageError } from '../failure.ts'
import { clock, relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { facts, table, type Screen } from '../table.ts'
import { contentFlags, givenContent } from './template-parts.ts'

const name = argument('NAME', 'What people call it; recipients do not see it.')
const broadcast = argument('BROADCAST', 'The id, brd_….')
const list = text('list', 'LIST', 'To whom: a list, lst_….')
const from = text('from', 'ADDRESS', 'From, such as "Ann <ann@shop.example>".')
const replyTo = texts('reply-to', 'ADDRESS', 'Where answers go; repeatable.')
const preview = text('preview', 'TEXT', 'What inboxes show beside the subject.')
const topic = text('topic', 'TOPIC', 'What it is about, top_… or default: who left it gets nothing.')
const noTopic = toggle('no-topic', 'It is about no topic.')
const dialect = choice(
  'dialect',
  CHOICES['broadcasts.create'].dialect,
  'The language in which it is written. Default liquid.',
)
const newName = text('name', 'TEXT', 'Another name.')

function needed(value: string | undefined, flag: string, why: string): string {
  if (value === undefined) throw new UsageError(`--${flag} is missing: ${why}`)
  return value
}

const create: Command = {
  path: ['broadcasts', 'create'],
  summary: 'Draft a mail to everybody on a list',
  description:
    'Subject and parts are filled for each contact: its attributes, first_name, last_name, email, and unsubscribe_url.',
  operations: ['broadcasts.create'],
  arguments: [name],
  flags: [list, from, replyTo, ...contentFlags, preview, topic, dialect],
  examples: [
    {
      line: 'bulkhead broadcasts create November --list lst_01jq… --from "Ann <ann@shop.example>" --subject "Hello {{ first_name }}" --html-file news.html',
      says: 'a draft; send it with bulkhead broadcasts send',
    },
  ],
  async run(context, given) {
    const { subject, html, text: plain } = await givenContent(context, given)
    const made = await context.client().broadcasts.create({
      name: given.argument(name),
      listId: needed(given.flag(list), 'list', 'the list that it goes to.'),
      from: needed(given.flag(from), 'from', 'an address of a verified domain.'),
      subject: needed(subject, 'subject', 'the subject.'),
      replyTo: given.flag(replyTo).length === 0 ? undefined : [...given.flag(replyTo)],
      html,
      text: plain,
      previewText: given.flag(preview),
      topic: given.flag(topic),
      dialect: given.flag(dialect),
    })
    context.out.show(made, (screen) => renderBroadcast(made, screen))
  },
}

const onlyState = choice('state', CHOICES['broadcasts.list'].state, 'Only those in this state.')

const listAll: Command = {
  path: ['broadcasts', 'list'],
  summary: 'List broadcasts, newest first',
  operations: ['broadcasts.list'],
  flags: [onlyState, ...listFlags],
  examples: [{ line: 'bulkhead broadcasts list --state sending', says: 'what goes out now' }],
  run: (context, given) => {
    const client = context.client()
    const filter = { state: given.flag(onlyState) }
    return showList(
      context,
      given,
      (page) => client.broadcasts.list({ ...filter, ...page }),
      (items, screen) =>
        table(
          [
            { title: 'NAME', of: (row) => row.name },
            { title: 'STATE', of: (row) => row.state },
            { title: 'SENT', of: (row) => `${row.progress.sent} of ${row.progress.total}`, align: 'right' },
            { title: 'MADE', of: (row) => relative(row.createdAt, screen.now) },
            { title: 'ID', of: (row) => row.id, whole: true },
          ],
          items,
          screen,
        ),
      'No broadcasts match. Draft one with: bulkhead broadcasts create NAME.',
    )
  },
}

const show: Command = {
  path: ['broadcasts', 'show'],
  summary: 'Show a broadcast and how far it is',
  operations: ['broadcasts.get'],
  arguments: [broadcast],
  examples: [{ line: 'bulkhead broadcasts show brd_01jq…', says: 'how many were sent, skipped, suppressed' }],
  async run(context, given) {
    const found = await context.client().broadcasts.get(given.argument(broadcast))
    context.out.show(found, (screen) => renderBroadcast(found, screen))
  },
}

const change: Command = {
  path: ['broadcasts', 'change'],
  summary: 'Change a draft of a broadcast',
  operations: ['broadcasts.update'],
  arguments: [broadcast],
  flags: [newName, list, from, replyTo, ...contentFlags, preview, topic, noTopic, dialect],
  examples: [
    { line: 'bulkhead broadcasts change brd_01jq… --subject "News"', says: 'what is not named stays' },
  ],
  async run(context, given) {
    const { subject, html, text: plain } = await givenContent(context, given)
    const changed = await context.client().broadcasts.update(given.argument(broadcast), {
      name: given.flag(newName),
      listId: given.flag(list),
      from: given.flag(from),
      subject,
      replyTo: given.flag(replyTo).length === 0 ? undefined : [...given.flag(replyTo)],
      html,
      text: plain,
      previewText: given.flag(preview),
      topic: given.flag(noTopic) ? null : given.flag(topic),
      dialect: given.flag(dialect),
    })
    context.out.show(changed, (screen) => renderBroadcast(changed, screen))
  },
}

const remove: Command = {
  path: ['broadcasts', 'delete'],
  summary: 'Delete a draft, or a broadcast that was cancelled',
  operations: ['broadcasts.delete'],
  arguments: [broadcast],
  examples: [{ line: 'bulkhead broadcasts delete brd_01jq…', says: 'with what became of its audience' }],
  async run(context, given) {
    await context.client().broadcasts.delete(given.argument(broadcast))
    context.out.show({ deleted: given.argument(broadcast) }, () => 'Deleted.\n')
  },
}

const at = instant('at', 'future', 'When it begins. Default: at once.')

const send: Command = {
  path: ['broadcasts', 'send'],
  summary: 'Send a broadcast, now or later',
  description: 'To whoever is on the list when it begins.',
  operations: ['broadcasts.send'],
  arguments: [broadcast],
  flags: [at],
  examples: [{ line: 'bulkhead broadcasts send brd_01jq… --at 2h', says: 'in two hours' }],
  async run(context, given) {
    const sent = await context
      .client()
      .broadcasts.send(given.argument(broadcast), { scheduledAt: given.flag(at) })
    context.out.show(sent, (screen) => renderBroadcast(sent, screen))
  },
}

const toDraft = toggle('to-draft', 'One that still waits for its time becomes a draft again.')

const cancel: Command = {
  path: ['broadcasts', 'cancel'],
  summary: 'Stop a broadcast that is scheduled or being sent',
  description: 'Messages that were accepted go on; nobody else gets one.',
  operations: ['broadcasts.cancel'],
  arguments: [broadcast],
  flags: [toDraft],
  examples: [{ line: 'bulkhead broadcasts cancel brd_01jq…', says: 'nobody else gets it' }],
  async run(context, given) {
    const input = given.flag(toDraft) ? { toDraft: true } : {}
    const cancelled = await context.client().broadcasts.cancel(given.argument(broadcast), input)
    context.out.show(cancelled, (screen) => renderBroadcast(cancelled, screen))
  },
}

const inState = choice('state', CHOICES['broadcasts.listRecipients'].state, 'Only those in this state.')

const recipients: Command = {
  path: ['broadcasts', 'recipients'],
  summary: 'List the audience of a broadcast and what became of each member',
  operations: ['broadcasts.listRecipients'],
  arguments: [broadcast],
  flags: [inState, ...listFlags],
  examples: [
    {
      line: 'bulkhead broadcasts recipients brd_01jq… --state failed',
      says: 'to whom nothing could be sent',
    },
  ],
  run: (context, given) => {
    const client = context.client()
    const filter = { state: given.flag(inState) }
    return showList(
      context,
      given,
      (page) => client.broadcasts.listRecipients(given.argument(broadcast), { ...filter, ...page }),
      (items, screen) =>
        table(
          [
            { title: 'ADDRESS', of: (row) => row.email ?? '(deleted)' },
            { title: 'STATE', of: (row) => row.state },
            { title: 'REASON', of: (row) => row.reason ?? '-' },
            { title: 'MESSAGE', of: (row) => row.messageId ?? '-', whole: true },
          ],
          items,
          screen,
        ),
      'Nobody is in its audience, or in that state.',
    )
  },
}

function when(label: string, time: string | null): [string, string | null] {
  return [label, time === null ? null : `${clock(time)} UTC`]
}

function renderBroadcast(found: Broadcast, screen: Screen): string {
  const { progress } = found
  const sender = found.from.name === undefined ? found.from.email : `${found.from.name} <${found.from.email}>`
  const counts = (['pending', 'sent', 'skipped', 'suppressed', 'failed', 'cancelled'] as const)
    .filter((state) => progress[state] > 0)
    .map((state) => `${progress[state]} ${state}`)
  return facts(
    [
      ['Name', found.name],
      ['State', found.state],
      ['Waits for', found.waitsFor],
      ['Problem', found.problem],
      ['From', sender],
      ['Subject', found.subject],
      ['List', found.listId],
      ['Topic', found.topicId],
      [
        'Audience',
        found.state === 'draft' ? null : `${progress.total}: ${counts.join(', ') || 'nobody yet'}`,
      ],
      when('Scheduled', found.scheduledAt),
      when('Begun', found.queuedAt),
      when('Finished', found.finishedAt),
      ['Id', found.id],
    ],
    screen,
  )
}

export const broadcastCommands: readonly Command[] = [
  create,
  listAll,
  show,
  change,
  remove,
  send,
  cancel,
  recipients,
]
