import { choice, requiredText, type Command } from '../command.ts'
import { UsageError } from '../failure.ts'
import { relative } from '../instants.ts'
import { facts, table } from '../table.ts'

const kind = choice(
  'class',
  ['any', 'api_key', 'smtp_credential', 'session'],
  'Which kind of credential ends: all API keys, all SMTP credentials, all sessions, or any of these.',
)
const ENDED = {
  any: 'every credential',
  api_key: 'every API key',
  smtp_credential: 'every SMTP credential',
  session: 'every session',
} as const
const reason = requiredText('reason', 'TEXT', 'Why, for the audit log.')

const bump: Command = {
  path: ['epochs', 'bump'],
  summary: 'End every credential of a kind at once',
  description:
    'All of that kind that the workspace has made until now are dead within a second, with their streams and SMTP connections. This cannot be taken back.',
  operations: ['epochs.bump'],
  flags: [kind, reason],
  examples: [
    {
      line: 'bulkhead epochs bump --class smtp_credential --reason "a config file leaked"',
      says: 'every SMTP password is dead; API keys go on',
    },
    {
      line: 'bulkhead epochs bump --class any --reason "we do not know what was taken"',
      says: 'everything, also the key that you use',
    },
  ],
  async run(context, given) {
    const asked = given.flag(kind)
    if (asked === undefined) throw new UsageError('--class is missing: say which kind of credential ends.')
    const bumped = await context.client().epochs.bump({ class: asked, reason: given.flag(reason) })
    context.out.show(bumped, (screen) =>
      facts(
        [
          ['Ended', ENDED[bumped.class]],
          ['Made until', relative(bumped.bumpedAt, screen.now)],
          ['Your key', bumped.keySurvives ? 'still works' : 'is dead too'],
        ],
        screen,
      ),
    )
  },
}

const list: Command = {
  path: ['epochs', 'list'],
  summary: 'Show what has ended credentials as a whole',
  operations: ['epochs.list'],
  examples: [{ line: 'bulkhead epochs list', says: 'why does no old key work any more?' }],
  async run(context) {
    const epochs = await context.client().epochs.list()
    context.out.show(epochs, (screen) =>
      epochs.data.length === 0
        ? 'Nothing has been ended as a whole.\n'
        : table(
            [
              { title: 'REACHES', of: (row) => row.scope },
              { title: 'CLASS', of: (row) => row.class },
              { title: 'WHEN', of: (row) => relative(row.bumpedAt, screen.now) },
              { title: 'REASON', of: (row) => row.reason },
            ],
            epochs.data,
            screen,
          ),
    )
  },
}

export const epochCommands: readonly Command[] = [bump, list]
