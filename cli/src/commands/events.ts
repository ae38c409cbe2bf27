import { type Command } from '../command.ts'
import { listFlags, showList } from '../listing.ts'
import { table } from '../table.ts'
import { clock } from '../instants.ts'
import { paintState } from '../states.ts'
import { eventText } from '../timeline.ts'

const list: Command = {
  path: ['events', 'list'],
  summary: 'Pull events in the order of their commits',
  description:
    'For programs that poll: keep nextCursor of the --json answer and give it as --cursor the next time; no event is passed over.',
  operations: ['events.list'],
  flags: listFlags,
  examples: [
    { line: 'bulkhead events list --limit 100', says: 'the oldest events that are stored' },
    { line: 'bulkhead events list --json --cursor "$CURSOR"', says: 'what came after the last pull' },
  ],
  run: (context, given) => {
    const client = context.client()
    return showList(
      context,
      given,
      (page) => client.events.list(page),
      (items, screen) =>
        table(
          [
            { title: 'AT (UTC)', of: (row) => clock(row.at), whole: true },
            {
              title: 'TYPE',
              of: (row) => row.type,
              paint: (cell, row) => paintState(row.type.replace(/^message\./, ''), cell, screen.paint),
            },
            { title: 'MESSAGE', of: (row) => row.messageId, whole: true },
            {
              title: '#',
              of: (row) => (row.recipient === null ? '' : String(row.recipient)),
              align: 'right',
            },
            { title: 'DETAIL', of: (row) => eventText(row.detail) },
          ],
          items,
          screen,
        ),
      'No events. They come with the first message: bulkhead send --help.',
    )
  },
}

export const eventCommands: readonly Command[] = [list]
