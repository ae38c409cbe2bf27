import { text, type Command } from '../command.ts'
import { duration, relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { table } from '../table.ts'

const workspace = text('workspace', 'ID', 'Only this workspace, ws_….')

const workspaces: Command = {
  path: ['staff', 'workspaces'],
  summary: 'List workspaces with counters of their state',
  operations: ['staffWorkspaces.list'],
  flags: listFlags,
  examples: [{ line: 'bulkhead staff workspaces', says: 'who is here, what waits, what is contained' }],
  run: (context, given) => {
    const client = context.staff()
    return showList(
      context,
      given,
      (page) => client.staffWorkspaces.list(page),
      (items, screen) =>
        table(
          [
            { title: 'NAME', of: (row) => row.name },
            { title: 'KEYS', of: (row) => String(row.apiKeys + row.smtpCredentials) },
            {
              title: 'DOMAINS',
              of: (row) => `${row.domains.verified}/${row.domains.verified + row.domains.other}`,
            },
            { title: 'WAITING', of: (row) => String(row.waiting) },
            { title: 'CONTAINED', of: (row) => String(row.contained) },
            { title: 'ID', of: (row) => row.id, whole: true },
          ],
          items,
          screen,
        ),
      'No workspaces.',
    )
  },
}

const queue: Command = {
  path: ['staff', 'queue'],
  summary: 'Show what waits, by workspace and lane',
  operations: ['staffQueue.get'],
  flags: [workspace],
  examples: [{ line: 'bulkhead staff queue', says: 'the longest queues first' }],
  async run(context, given) {
    const found = await context.staff().staffQueue.get({ workspaceId: given.flag(workspace) })
    context.out.show(found, (screen) =>
      found.data.length === 0
        ? 'Nothing waits.\n'
        : table(
            [
              { title: 'WORKSPACE', of: (row) => row.workspaceId, whole: true },
              { title: 'LANE', of: (row) => row.lane },
              { title: 'WAITING', of: (row) => String(row.waiting) },
              { title: 'IN FLIGHT', of: (row) => String(row.inFlight) },
              { title: 'HELD', of: (row) => String(row.held) },
              { title: 'OLDEST', of: (row) => relative(row.oldestDue, screen.now) },
            ],
            found.data,
            screen,
          ),
    )
  },
}

const processes: Command = {
  path: ['staff', 'processes'],
  summary: 'Show the processes of all hosts and how they are',
  operations: ['staffProcesses.list'],
  examples: [{ line: 'bulkhead staff processes', says: 'does everything run?' }],
  async run(context) {
    const found = await context.staff().staffProcesses.list()
    context.out.show(found, (screen) =>
      table(
        [
          { title: 'PROCESS', of: (row) => row.process },
          { title: 'HOST', of: (row) => row.host },
          { title: 'PID', of: (row) => String(row.pid) },
          { title: 'READY', of: (row) => (row.ready ? 'yes' : 'no') },
          { title: 'HEARTBEAT', of: (row) => `${duration(row.heartbeatAgeMs)} ago` },
        ],
        found.data,
        screen,
      ),
    )
  },
}

export const staffLookCommands: readonly Command[] = [workspaces, queue, processes]
