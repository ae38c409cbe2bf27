import { CHOICES } from '@bulkhead/sdk'
import { argument, choice, requiredText, text, toggle, type Command } from '../command.ts'
import { UsageError } from '../failure.ts'
import { relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { table } from '../table.ts'

const member = argument('MEMBER', 'Its id, mem_….')
const session = argument('SESSION', 'Its id, ses_….')
const role = choice('role', CHOICES['members.change'].role, 'What the member becomes.')
const permissionSet = text('permission-set', 'SET', 'A permission set, pst_…, in place of a role.')
const credentials = choice(
  'credentials',
  ['keep', 'revoke'],
  'What becomes of the keys that the member made: revoked ones stop whatever uses them.',
)
const sure = toggle('yes', 'You mean it: coming back takes a new invitation.')
const reason = requiredText('reason', 'TEXT', 'Why; kept in the audit log.')
const list: Command = {
  path: ['members', 'list'],
  summary: 'List the members of the workspace',
  description: 'In the order in which they came. For people: log in first, no key sees it.',
  operations: ['members.list'],
  flags: listFlags,
  examples: [{ line: 'bulkhead members list', says: 'who works here, and as what' }],
  run: (context, given) => {
    const client = context.client()
    return showList(
      context,
      given,
      (page) => client.members.list(page),
      (items, screen) =>
        table(
          [
            { title: 'ADDRESS', of: (row) => row.email },
            { title: 'ROLE', of: (row) => row.role ?? row.permissionSet?.name ?? '' },
            { title: 'SINCE', of: (row) => relative(row.createdAt, screen.now) },
            { title: 'LAST SEEN', of: (row) => relative(row.lastSeenAt, screen.now) },
            { title: 'ID', of: (row) => row.id, whole: true },
          ],
          items,
          screen,
        ),
      'No members. Invite somebody with: bulkhead invitations create --email ADDRESS --role ROLE.',
    )
  },
}

const show: Command = {
  path: ['members', 'show'],
  summary: 'Show a member, with all that it may do',
  operations: ['members.get'],
  arguments: [member],
  examples: [{ line: 'bulkhead members show mem_01jq…', says: 'role or permission set, and its scopes' }],
  async run(context, given) {
    const found = await context.client().members.get(given.argument(member))
    context.out.show(
      found,
      () =>
        `${found.email}: ${found.role ?? found.permissionSet?.name ?? ''}\n${found.scopes.map((scope) => `  ${scope}\n`).join('')}`,
    )
  },
}

const change: Command = {
  path: ['members', 'change'],
  summary: 'Give a member another role or a permission set',
  description:
    'Holds at the next request. Only owners make and change owners; nobody gives more than the own rights.',
  operations: ['members.change'],
  arguments: [member],
  flags: [role, permissionSet],
  examples: [{ line: 'bulkhead members change mem_01jq… --role developer', says: 'one of six roles' }],
  async run(context, given) {
    const changed = await context.client().members.change(given.argument(member), {
      role: given.flag(role),
      permissionSetId: given.flag(permissionSet),
    })
    context.out.show(
      changed,
      () => `${changed.email} is ${changed.role ?? changed.permissionSet?.name ?? ''} now.\n`,
    )
  },
}

const remove: Command = {
  path: ['members', 'remove'],
  summary: 'Remove a member',
  description:
    'Ends within a second what the member can do here, live streams too. Say what becomes of the keys that the member made.',
  operations: ['members.remove'],
  arguments: [member],
  flags: [credentials, sure],
  examples: [
    {
      line: 'bulkhead members remove mem_01jq… --credentials revoke --yes',
      says: 'and every key of that member',
    },
  ],
  async run(context, given) {
    const chosen = given.flag(credentials)
    if (chosen === undefined) throw new UsageError('--credentials is missing: write keep or revoke.')
    if (!given.flag(sure))
      throw new UsageError(`This takes ${given.argument(member)} out of the workspace: say --yes.`)
    const done = await context.client().members.remove(given.argument(member), { credentials: chosen })
    context.out.show(done, () =>
      chosen === 'revoke'
        ? `Removed; ${done.credentials} credentials were revoked.\n`
        : `Removed; ${done.credentials} credentials that the member made still work.\n`,
    )
  },
}

const sessions: Command = {
  path: ['members', 'sessions'],
  summary: "List a member's sessions that open the workspace",
  operations: ['members.sessions'],
  arguments: [member],
  examples: [{ line: 'bulkhead members sessions mem_01jq…', says: 'device, network, last seen' }],
  async run(context, given) {
    const found = await context.client().members.sessions(given.argument(member))
    context.out.show(found, (screen) =>
      table(
        [
          { title: 'DEVICE', of: (row) => row.device },
          { title: 'NETWORK', of: (row) => row.network },
          { title: 'FACTOR', of: (row) => row.factor },
          { title: 'LAST SEEN', of: (row) => relative(row.lastSeenAt, screen.now) },
          { title: 'ID', of: (row) => row.id, whole: true },
        ],
        found.data,
        screen,
      ),
    )
  },
}

const endSession: Command = {
  path: ['members', 'end-session'],
  summary: 'End one session of a member',
  operations: ['members.endSession'],
  arguments: [member, session],
  examples: [{ line: 'bulkhead members end-session mem_01jq… ses_01jq…', says: 'the member logs in again' }],
  async run(context, given) {
    await context.client().members.endSession(given.argument(member), given.argument(session))
    context.out.show({ ended: given.argument(session) }, () => `Ended ${given.argument(session)}.\n`)
  },
}

const endSessions: Command = {
  path: ['members', 'end-sessions'],
  summary: 'End all sessions of a member for this workspace',
  operations: ['members.endSessions'],
  arguments: [member],
  flags: [reason],
  examples: [
    {
      line: 'bulkhead members end-sessions mem_01jq… --reason "lost laptop"',
      says: 'other workspaces stay open',
    },
  ],
  async run(context, given) {
    await context.client().members.endSessions(given.argument(member), { reason: given.flag(reason) })
    context.out.show({ ended: given.argument(member) }, () => `Ended all sessions here.\n`)
  },
}

export const memberCommands: readonly Command[] = [
  list,
  show,
  change,
  remove,
  sessions,
  endSession,
  endSessions,
]
