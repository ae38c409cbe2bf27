import { argument, type Command } from '../command.ts'
import { idOfActor } from '../ids.ts'
import { relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { table } from '../table.ts'

const id = argument('CHANGE', 'Its id, chg_….')

const list: Command = {
  path: ['changes', 'list'],
  summary: 'List changes of senders, domains, webhooks, owners and admins, newest first',
  description:
    'What is new in an established workspace does nothing for 24 hours; another owner can approve it before.',
  operations: ['changes.list'],
  flags: listFlags,
  examples: [{ line: 'bulkhead changes list', says: 'did somebody add an address that none of us knows?' }],
  run: (context, given) => {
    const client = context.client()
    return showList(
      context,
      given,
      (page) => client.changes.list(page),
      (items, screen) =>
        table(
          [
            { title: 'WHEN', of: (row) => relative(row.at, screen.now) },
            { title: 'WHAT', of: (row) => row.kind },
            { title: 'SUBJECT', of: (row) => row.subject ?? '' },
            {
              title: 'STATE',
              of: (row) =>
                row.unexplained
                  ? 'unexplained'
                  : row.inertUntil === null
                    ? row.state
                    : `inert, ${relative(row.inertUntil, screen.now)}`,
            },
            { title: 'HELD', of: (row) => String(row.messagesHeld) },
            { title: 'BY', of: (row) => (row.actor === null ? 'nobody known' : idOfActor(row.actor)) },
            { title: 'ID', of: (row) => row.id, whole: true },
          ],
          items,
          screen,
        ),
      'No changes.',
    )
  },
}

function decision(verb: 'approve' | 'reject', summary: string, says: string): Command {
  return {
    path: ['changes', verb],
    summary,
    description: 'For a second owner: one who was there before the change and did not make it.',
    operations: [`changes.${verb}`],
    arguments: [id],
    examples: [{ line: `bulkhead changes ${verb} chg_01J…`, says }],
    async run(context, given) {
      const changeId = given.argument(id)
      const client = context.client()
      const decided =
        verb === 'approve' ? await client.changes.approve(changeId) : await client.changes.reject(changeId)
      context.out.show(decided, () => `The change is ${decided.state}.\n`)
    },
  }
}

export const changeCommands: readonly Command[] = [
  list,
  decision('approve', 'Let something new count at once', 'it is ours: held mail goes now'),
  decision('reject', 'Take away something new', 'nobody of us did that'),
]
