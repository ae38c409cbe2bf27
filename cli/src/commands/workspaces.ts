import { argument, requiredText, text, toggle, type Command } from '../command.ts'
import { UsageError } from '../failure.ts'
import { clock, relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { facts, table } from '../table.ts'

const name = requiredText('name', 'NAME', 'Name of the workspace.')

const owner = text('owner', 'ADDRESS', 'Invite this person as the first owner.')

const create: Command = {
  path: ['workspaces', 'create'],
  summary: 'Make a workspace and its first API key',
  description:
    "For the operator: needs the operator's key. The API key has all scopes and is shown once. With --owner an invitation is mailed; who accepts it is the owner and invites others.",
  operations: ['workspaces.create', 'invitations.createFirstOwner'],
  flags: [name, owner],
  examples: [
    {
      line: 'bulkhead workspaces create --name Shop --owner ann@example.com',
      says: 'a workspace, and a link to Ann who becomes its owner',
    },
    {
      line: 'bulkhead workspaces create --name Shop',
      says: 'a compartment of its own: nothing is shared with others',
    },
  ],
  async run(context, given) {
    const created = await context.operator().workspaces.create({ name: given.flag(name) })
    context.keepWorkspaceKey(created.workspace.id, created.apiKey.key)
    // The workspace and its key are shown in any case: what follows may fail by itself and can be done again.
    context.out.show(
      created,
      (screen) =>
        facts(
          [
            ['Workspace', created.workspace.name],
            ['Id', created.workspace.id],
            ['API key', created.apiKey.key],
          ],
          screen,
        ) + screen.paint.yellow('Keep the key now: it is not shown again.\n'),
    )
    const email = given.flag(owner)
    if (email === undefined) return
    await context.withKey(created.apiKey.key).invitations.createFirstOwner({ email })
    context.out.note(`An invitation is on its way to ${email}.`)
  },
}

const list: Command = {
  path: ['workspaces', 'list'],
  summary: 'List the workspaces of the installation, oldest first',
  description: "For the operator: needs the operator's key.",
  operations: ['workspaces.list'],
  flags: listFlags,
  examples: [{ line: 'bulkhead workspaces list', says: 'who is here' }],
  run: (context, given) => {
    const client = context.operator()
    return showList(
      context,
      given,
      (page) => client.workspaces.list(page),
      (items, screen) =>
        table(
          [
            { title: 'NAME', of: (row) => row.name },
            { title: 'MADE', of: (row) => relative(row.createdAt, screen.now) },
            { title: 'ID', of: (row) => row.id, whole: true },
          ],
          items,
          screen,
        ),
      'No workspaces. Make one with: bulkhead workspaces create --name NAME.',
    )
  },
}

const show: Command = {
  path: ['workspaces', 'show'],
  summary: 'Show the workspace that your API key belongs to',
  operations: ['workspaces.own'],
  examples: [{ line: 'bulkhead workspaces show', says: 'where am I?' }],
  async run(context) {
    const own = await context.client().workspaces.own()
    context.out.show(own, (screen) =>
      facts(
        [
          ['Workspace', own.name],
          ['Id', own.id],
          ['Made', `${clock(own.createdAt)} UTC`],
        ],
        screen,
      ),
    )
  },
}

const mine: Command = {
  path: ['workspaces', 'mine'],
  summary: 'List the workspaces that you are a member of',
  description: 'Name one of them with --workspace or BULKHEAD_CLI_WORKSPACE to act in it.',
  operations: ['account.workspaces'],
  examples: [{ line: 'bulkhead workspaces mine', says: 'where you are what' }],
  async run(context) {
    const own = await context.client().account.workspaces()
    context.out.show(own, (screen) =>
      own.data.length === 0
        ? 'You are a member of none. Make one with: bulkhead workspaces make --name NAME, or let somebody invite you.\n'
        : table(
            [
              { title: 'NAME', of: (row) => row.name },
              { title: 'ROLE', of: (row) => row.role ?? `set ${row.permissionSet ?? ''}` },
              { title: 'SECOND FACTOR', of: (row) => row.secondFactor },
              { title: 'OWN PROVIDER', of: (row) => (row.ssoRequired ? 'demanded' : '') },
              { title: 'SINCE', of: (row) => relative(row.memberSince, screen.now) },
              { title: 'ID', of: (row) => row.id, whole: true },
            ],
            own.data,
            screen,
          ),
    )
  },
}

const make: Command = {
  path: ['workspaces', 'make'],
  summary: 'Make a workspace of your own',
  description: 'You become its owner. Only where BULKHEAD_SIGN_UP lets people make workspaces.',
  operations: ['account.createWorkspace'],
  flags: [name],
  examples: [{ line: 'bulkhead workspaces make --name Shop', says: 'log in first' }],
  async run(context, given) {
    const made = await context.client().account.createWorkspace({ name: given.flag(name) })
    context.out.show(made, (screen) =>
      facts(
        [
          ['Workspace', made.name],
          ['Id', made.id],
        ],
        screen,
      ),
    )
  },
}

const left = argument('WORKSPACE', 'The id of a workspace, ws_…, from bulkhead workspaces mine.')
const sure = toggle('yes', 'You mean it: coming back takes a new invitation.')

const leave: Command = {
  path: ['workspaces', 'leave'],
  summary: 'Leave a workspace',
  description: 'Keys that you made there go on. The last owner cannot leave.',
  operations: ['members.leave'],
  arguments: [left],
  flags: [sure],
  examples: [
    { line: 'bulkhead workspaces leave ws_01… --yes', says: 'nothing of it opens for you any more' },
  ],
  async run(context, given) {
    const id = given.argument(left)
    if (!given.flag(sure)) throw new UsageError(`Coming back to ${id} takes a new invitation: say --yes.`)
    await context.client().members.leave(id)
    context.out.show({ left: id }, () => `You have left ${id}.\n`)
  },
}

export const workspaceCommands: readonly Command[] = [create, list, show, mine, make, leave]
