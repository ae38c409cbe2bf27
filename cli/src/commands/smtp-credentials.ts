import type { SmtpCredentialsCreateOutput } from '@bulkhead/sdk'
import { argument, instant, requiredText, type Command, type Context } from '../command.ts'
import { listFlags, showList } from '../listing.ts'
import { facts, table } from '../table.ts'
import {
  allowedCidrs,
  allowedSenders,
  boundFacts,
  given as listed,
  lastUse,
  overlap,
  stateOf,
} from './key-bounds.ts'

const name = requiredText('name', 'NAME', 'What the credential is for.')
const expiresAt = instant(
  'expires-at',
  'future',
  'When it stops working. Default: as your own key, or never.',
)
const credential = argument('CREDENTIAL', 'Its id, smtp_….')

const create: Command = {
  path: ['smtp-credentials', 'create'],
  summary: 'Make a user name and password for SMTP submission',
  description: 'Both are generated. The password is shown once and cannot be shown again.',
  operations: ['smtpCredentials.create'],
  flags: [name, allowedCidrs, allowedSenders, expiresAt],
  examples: [
    { line: 'bulkhead smtp-credentials create --name wordpress', says: 'for a program that speaks SMTP' },
  ],
  async run(context, given) {
    const created = await context.client().smtpCredentials.create({
      name: given.flag(name),
      allowedCidrs: listed(given.flag(allowedCidrs)),
      allowedSenders: listed(given.flag(allowedSenders)),
      expiresAt: given.flag(expiresAt),
    })
    showMade(context, created)
  },
}

function showMade(context: Context, made: SmtpCredentialsCreateOutput): void {
  context.out.show(
    made,
    (screen) =>
      facts(
        [
          ['User name', made.username],
          ['Password', made.password],
          ['Id', made.id],
          ...boundFacts(made, screen.now),
        ],
        screen,
      ) + screen.paint.yellow('Keep the password now: it is not shown again.\n'),
  )
}

const rotate: Command = {
  path: ['smtp-credentials', 'rotate'],
  summary: 'Make a new user name and password in the place of one',
  description:
    'The new one has the same networks, senders and expiry; the old one ends after the overlap. The new password is shown once.',
  operations: ['smtpCredentials.rotate'],
  arguments: [credential],
  flags: [overlap],
  examples: [{ line: 'bulkhead smtp-credentials rotate smtp_01jq…', says: 'both work for a day' }],
  async run(context, given) {
    showMade(
      context,
      await context
        .client()
        .smtpCredentials.rotate(given.argument(credential), { overlapHours: given.flag(overlap) }),
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
              of: (row) => stateOf(row, screen.now),
            },
            { title: 'LAST USED', of: (row) => lastUse(row, screen.now) },
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

export const smtpCredentialCommands: readonly Command[] = [create, list, rotate, revoke]
