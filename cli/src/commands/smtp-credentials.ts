import { argument, requiredText, type Command } from '../command.ts'
import { relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { facts, table } from '../table.ts'

const name = requiredText('name', 'NAME', 'What the credential is for.')
const credential = argument('CREDENTIAL', 'Its id, smtp_….')

const create: Command = {
  path: ['smtp-credentials', 'create'],
  summary: 'Make a user name and password for SMTP submission',
  description: 'Both are generated. The password is shown once and cannot be shown again.',
  operations: ['smtpCredentials.create'],
  flags: [name],
  examples: [
    { line: 'bulkhead smtp-credentials create --name wordpress', says: 'for a program that speaks SMTP' },
  ],
  async run(context, given) {
    const created = await context.client().smtpCredentials.create({ name: given.flag(name) })
    context.out.show(
      created,
      (screen) =>
        facts(
          [
            ['User name', created.username],
            ['Password', created.password],
            ['Id', created.id],
          ],
          screen,
        ) + screen.paint.yellow('Keep the password now: it is not shown again.\n'),
    )
  },
}

const list: Command = {
  path: ['smtp-credentials', 'list'],
  summary: 'List SMTP credentials, newest first',
  description: 'Revoked ones stay in the list. Passwords are never shown.',
  operations: ['smtpCredentials.list'],
  flags: listFlags,
  examples: [{ line: 'bulkhead smtp-credentials list', says: 'who may submit by SMTP' }],
  run: (context, given) => {
    const client = context.client()
    return showList(
      context,
      given,
      (page) => client.smtpCredentials.list(page),
      (items, screen) =>
        table(
          [
            { title: 'NAME', of: (row) => row.name },
            { title: 'USER NAME', of: (row) => row.username },
            {
              title: 'STATE',
              of: (row) => (row.revokedAt !== null ? 'revoked' : row.killed ? 'ended' : 'active'),
            },
            { title: 'LAST USED', of: (row) => relative(row.lastUsedAt, screen.now) },
            { title: 'ID', of: (row) => row.id, whole: true },
          ],
          items,
          screen,
        ),
      'No SMTP credentials. Make one with: bulkhead smtp-credentials create --name NAME.',
    )
  },
}

const revoke: Command = {
  path: ['smtp-credentials', 'revoke'],
  summary: 'Revoke an SMTP credential',
  description: 'New log-ins fail within a second; open sessions are closed.',
  operations: ['smtpCredentials.revoke'],
  arguments: [credential],
  examples: [{ line: 'bulkhead smtp-credentials revoke smtp_01jq…', says: 'the id is in the list' }],
  async run(context, given) {
    await context.client().smtpCredentials.revoke(given.argument(credential))
    context.out.show(
      { revoked: given.argument(credential) },
      () => `Revoked ${given.argument(credential)}.\n`,
    )
  },
}

export const smtpCredentialCommands: readonly Command[] = [create, list, revoke]
