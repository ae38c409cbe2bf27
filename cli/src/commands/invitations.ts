import { CHOICES } from '@bulkhead/sdk'
import { argument, choice, requiredText, text, type Command } from '../command.ts'
import { UsageError } from '../failure.ts'
import { relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { table } from '../table.ts'

const email = requiredText('email', 'ADDRESS', 'Whom to invite.')
const role = choice('role', CHOICES['invitations.create'].role, 'What the person becomes.')
const permissionSet = text('permission-set', 'SET', 'A permission set, pst_…, in place of a role.')
const invitation = argument('INVITATION', 'Its id, inv_….')

const sent = (made: {
  readonly id: string
  readonly email: string
  readonly sentAt: string | null
}): string =>
  made.sentAt === null
    ? `Invited ${made.email}, but the letter could not be sent: bulkhead system-mail show says why. Then: bulkhead invitations resend ${made.id}\n`
    : `Invited ${made.email}; the link works for seven days.\n`

const create: Command = {
  path: ['invitations', 'create'],
  summary: 'Invite somebody to the workspace',
  description: 'Says the same whether the address has an account or not.',
  operations: ['invitations.create'],
  flags: [email, role, permissionSet],
  examples: [
    { line: 'bulkhead invitations create --email ann@example.com --role developer', says: 'by mail' },
  ],
  async run(context, given) {
    const made = await context.client().invitations.create({
      email: given.flag(email),
      role: given.flag(role),
      permissionSetId: given.flag(permissionSet),
    })
    context.out.show(made, () => sent(made))
  },
}

const first: Command = {
  path: ['invitations', 'first-owner'],
  summary: 'Invite the first owner of a workspace that has no people',
  description: 'With a key of the workspace. Once somebody was a member, only members invite.',
  operations: ['invitations.createFirstOwner'],
  flags: [email],
  examples: [
    { line: 'bulkhead invitations first-owner --email ann@example.com', says: 'who then invites others' },
  ],
  async run(context, given) {
    const made = await context.client().invitations.createFirstOwner({ email: given.flag(email) })
    context.out.show(made, () => sent(made))
  },
}

const list: Command = {
  path: ['invitations', 'list'],
  summary: 'List invitations, newest first',
  operations: ['invitations.list'],
  flags: listFlags,
  examples: [{ line: 'bulkhead invitations list', says: 'open, accepted, revoked and expired ones' }],
  run: (context, given) => {
    const client = context.client()
    return showList(
      context,
      given,
      (page) => client.invitations.list(page),
      (items, screen) =>
        table(
          [
            { title: 'ADDRESS', of: (row) => row.email },
            { title: 'ROLE', of: (row) => row.role ?? row.permissionSetId ?? '' },
            { title: 'STATE', of: (row) => row.state },
            { title: 'EXPIRES', of: (row) => relative(row.expiresAt, screen.now) },
            { title: 'ID', of: (row) => row.id, whole: true },
          ],
          items,
          screen,
        ),
      'No invitations.',
    )
  },
}

const revoke: Command = {
  path: ['invitations', 'revoke'],
  summary: 'Revoke an invitation',
  operations: ['invitations.revoke'],
  arguments: [invitation],
  examples: [{ line: 'bulkhead invitations revoke inv_01jq…', says: 'its link stops working' }],
  async run(context, given) {
    await context.client().invitations.revoke(given.argument(invitation))
    context.out.show(
      { revoked: given.argument(invitation) },
      () => `Revoked ${given.argument(invitation)}.\n`,
    )
  },
}

const resend: Command = {
  path: ['invitations', 'resend'],
  summary: 'Send an invitation again',
  description: 'With a new link for seven more days; the old one stops working.',
  operations: ['invitations.resend'],
  arguments: [invitation],
  examples: [{ line: 'bulkhead invitations resend inv_01jq…', says: 'at most once a minute' }],
  async run(context, given) {
    const made = await context.client().invitations.resend(given.argument(invitation))
    context.out.show(made, () => sent(made))
  },
}

const accept: Command = {
  path: ['invitations', 'accept'],
  summary: 'Accept an invitation',
  description:
    'Signed in with the invited address. Who has no account makes one with the same link first: bulkhead sign-up --link.',
  operations: ['invitations.accept'],
  examples: [{ line: 'bulkhead invitations accept', says: 'asks for the link of the letter' }],
  async run(context) {
    const client = context.client()
    // Never an argument: process lists show those.
    const typed = (await context.ask('Link from the letter: ', { hidden: true })).trim()
    const token = typed.slice(typed.lastIndexOf('#') + 1)
    if (token === '') throw new UsageError('The link is missing: copy it whole from the letter.')
    const done = await client.invitations.accept({ token })
    context.out.show(done, () => `You are a member of ${done.workspace} (${done.workspaceId}).\n`)
  },
}

export const invitationCommands: readonly Command[] = [create, first, list, revoke, resend, accept]
