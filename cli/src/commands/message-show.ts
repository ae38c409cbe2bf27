import { BulkheadError, type Client, type Message, type ShapingExplained } from '@bulkhead/sdk'
import { argument, toggle, type Command } from '../command.ts'
import { followMessage } from '../follow.ts'
import { bytes, clock, relative } from '../instants.ts'
import { paintState } from '../states.ts'
import { dialogueOf } from '../story.ts'
import { facts, table, type Screen } from '../table.ts'
import { isSettled, recipientOf, timelineEntry } from '../timeline.ts'

const message = argument('MESSAGE', 'Id of the message, msg_….')
const follow = toggle('follow', 'Stay until every recipient is final.')
const transcript = toggle('transcript', 'With what passed between the two servers at each attempt.')

export const showMessageCommand: Command = {
  path: ['messages', 'show'],
  summary: 'Show a message: recipients, states and timeline',
  description:
    'For each attempt: the reply, its class and reason with the rule that decided, the host, and when it is tried again. For recipients that wait: why. --json has every detail.',
  operations: ['messages.get'],
  arguments: [message],
  flags: [follow, transcript],
  examples: [
    { line: 'bulkhead messages show msg_01jq…', says: 'what became of a message' },
    { line: 'bulkhead messages show msg_01jq… --follow', says: 'watch until it is settled' },
    { line: 'bulkhead messages show msg_01jq… --transcript', says: 'the dialogue of each attempt' },
  ],
  async run(context, given) {
    const client = context.client()
    const id = given.argument(message)
    const found = given.flag(follow)
      ? await followMessage(client, context, id)
      : await client.messages.get(id)
    const waiting = context.out.json || isSettled(found) ? [] : await whyItWaits(client, id)
    context.out.show(found, (screen) => renderMessage(found, waiting, given.flag(transcript), screen))
  },
}

type Waiting = ShapingExplained['recipients'][number]

/** Why recipients wait; empty where the server does not say: the story is worth showing without. */
async function whyItWaits(client: Client, id: string): Promise<readonly Waiting[]> {
  try {
    return (await client.shaping.explain(id)).recipients
  } catch (error) {
    if (error instanceof BulkheadError) return []
    throw error
  }
}

const WAITING_SHOWN = 5

function renderWaiting(found: Message, waiting: readonly Waiting[], screen: Screen): string {
  if (waiting.length === 0) return ''
  const more = waiting.length - WAITING_SHOWN
  return [
    `\n${screen.paint.dim('WHY IT WAITS')}\n`,
    facts(
      waiting
        .slice(0, WAITING_SHOWN)
        .map((row) => [
          row.email,
          [
            row.why,
            ...(row.site === null
              ? []
              : [`Site ${row.site}${row.provider === null ? '' : ` of ${row.provider}`}.`]),
            ...(Date.parse(row.nextAttemptAt) > screen.now
              ? [`Next try ${relative(row.nextAttemptAt, screen.now)}.`]
              : []),
          ].join(' '),
        ]),
      screen,
    ),
    more > 0 ? `and ${more} more\n` : '',
    screen.paint.dim(`Limits and what was learnt: bulkhead shaping explain ${found.id}\n`),
  ].join('')
}

function renderMessage(
  found: Message,
  waiting: readonly Waiting[],
  dialogue: boolean,
  screen: Screen,
): string {
  const { from } = found
  const sender = from?.name === undefined ? from?.email : `${from.name} <${from.email}>`
  return [
    facts(
      [
        ['Message', found.id],
        ['From', sender],
        ['Subject', found.subject ?? (found.sensitive ? '(sensitive: erased once settled)' : null)],
        [
          'Accepted',
          `${clock(found.createdAt)} UTC (${relative(found.createdAt, screen.now)}), by ${found.source}`,
        ],
        ['Lane', found.lane],
        ['Not before', found.sendAt === null ? null : `${clock(found.sendAt)} UTC`],
        ['Gives up', `${clock(found.expiresAt)} UTC`],
        ['Size', bytes(found.sizeBytes)],
        ['Tags', found.tags.join(', ')],
        ['Message-ID', found.messageIdHeader],
        [
          'Metadata',
          Object.entries(found.metadata)
            .map(([name, value]) => `${name}=${value}`)
            .join(', '),
        ],
      ],
      screen,
    ),
    '\n',
    table(
      [
        { title: '#', of: (row) => String(row.number), align: 'right' },
        { title: 'RECIPIENT', of: (row) => row.email },
        { title: 'KIND', of: (row) => row.kind },
        {
          title: 'STATE',
          of: (row) => row.state,
          paint: (cell, row) => paintState(row.state, cell, screen.paint),
        },
        { title: 'ATTEMPTS', of: (row) => String(row.attempts), align: 'right' },
        {
          title: 'NEXT',
          // What is held is not due, whatever its time was.
          of: (row) => (row.state === 'held' ? '-' : relative(row.nextAttemptAt, screen.now)),
        },
      ],
      found.recipients,
      screen,
    ),
    renderWaiting(found, waiting, screen),
    `\n${screen.paint.dim('TIMELINE (UTC)')}\n`,
    ...found.timeline.map((entry) =>
      timelineEntry(entry, recipientOf(found, entry.recipient), screen, dialogue),
    ),
    dialogue && found.timeline.every((entry) => dialogueOf(entry.detail).length === 0)
      ? '\nNo dialogue is on record: no server has been talked to yet.\n'
      : '',
  ].join('')
}
