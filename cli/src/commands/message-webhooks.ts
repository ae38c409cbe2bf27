import { argument, type Command } from '../command.ts'
import { relative } from '../instants.ts'
import { paintState } from '../states.ts'
import { table } from '../table.ts'

const message = argument('MESSAGE', 'Id of the message, msg_….')

/** `bulkhead messages webhooks`. */
export const messageWebhooksCommand: Command = {
  path: ['messages', 'webhooks'],
  summary: 'List the webhook deliveries that tell about a message',
  description:
    'Of all endpoints, the newest first; deliveries are kept for seven days. The key needs webhooks:read.',
  operations: ['webhooks.message'],
  arguments: [message],
  examples: [
    { line: 'bulkhead messages webhooks msg_01jq…', says: 'who was told what, and whether it came through' },
  ],
  async run(context, given) {
    const found = await context.client().webhooks.message(given.argument(message))
    context.out.show(found, (screen) =>
      found.data.length === 0
        ? 'No webhook delivery tells about this message.\n'
        : table(
            [
              { title: 'EVENT', of: (row) => row.type },
              {
                title: '#',
                of: (row) => (row.recipient === null ? '' : String(row.recipient)),
                align: 'right',
              },
              {
                title: 'STATE',
                of: (row) => row.state,
                paint: (cell, row) => paintState(row.state, cell, screen.paint),
              },
              { title: 'ANSWER', of: (row) => String(row.lastStatus ?? row.lastError ?? '-') },
              { title: 'TRIES', of: (row) => String(row.attempts), align: 'right' },
              { title: 'MADE', of: (row) => relative(row.createdAt, screen.now) },
              { title: 'ENDPOINT', of: (row) => row.url },
              { title: 'DELIVERY', of: (row) => row.id, whole: true },
            ],
            found.data,
            screen,
          ),
    )
  },
}
