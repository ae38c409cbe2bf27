import { argument, type Command } from '../command.ts'
import { relative } from '../instants.ts'
import type { Screen } from '../table.ts'
import { facts, table } from '../table.ts'

const which = argument('RECOVERY', 'Id of the recovery, rcv_….')

interface Shown {
  readonly id: string
  readonly state: string
  readonly readyAt: string
  readonly isReady: boolean
  readonly needs: readonly {
    readonly workspace: { readonly name: string }
    readonly way: string
    readonly needed: number
    readonly given: number
    readonly records: readonly { readonly name: string; readonly value: string }[]
  }[]
  readonly operator: { readonly isNeeded: boolean; readonly hasApproved: boolean }
}

/** A recovery and what it still needs. */
export function recoveryText(recovery: Shown, screen: Screen): string {
  const { operator } = recovery
  return [
    facts(
      [
        ['Recovery', recovery.id],
        ['State', recovery.isReady ? 'ready: the link is mailed' : recovery.state],
        ['At the earliest', relative(recovery.readyAt, screen.now)],
        ['Operator', operator.isNeeded ? (operator.hasApproved ? 'approved' : 'must approve') : 'not needed'],
      ],
      screen,
    ),
    table(
      [
        { title: 'WORKSPACE', of: (row) => row.workspace.name },
        { title: 'APPROVAL', of: (row) => `${row.given} of ${row.needed}` },
        {
          title: 'BY',
          of: (row) => (row.way === 'people' ? 'its owners and admins' : 'a TXT record in its DNS'),
        },
      ],
      [...recovery.needs],
      screen,
    ),
    ...recovery.needs.flatMap((need) =>
      need.records.slice(0, 1).map((record) => `\n${record.name} TXT "${record.value}"\n`),
    ),
  ].join('')
}

const approve: Command = {
  path: ['recoveries', 'approve'],
  summary: 'Approve the recovery of a member of your workspace',
  description:
    'For owners, and for admins where the member is no owner. Speak with the person first, not by mail: whoever has the mailbox writes you mails.',
  operations: ['recoveries.approve'],
  arguments: [which],
  examples: [{ line: 'bulkhead recoveries approve rcv_…', says: 'one of those that are needed' }],
  async run(context, given) {
    const done = await context.client().recoveries.approve(given.argument(which))
    context.out.show(done, (screen) => recoveryText(done, screen))
  },
}

const refuse: Command = {
  path: ['recoveries', 'refuse'],
  summary: 'Stop the recovery of a member of your workspace',
  operations: ['recoveries.refuse'],
  arguments: [which],
  examples: [{ line: 'bulkhead recoveries refuse rcv_…', says: 'one is enough' }],
  async run(context, given) {
    const id = given.argument(which)
    await context.client().recoveries.refuse(id)
    context.out.show({ refused: id }, () => `Stopped ${id}.\n`)
  },
}

const columns = [
  { title: 'ID', of: (row: Shown) => row.id, whole: true },
  { title: 'PERSON', of: (row: Shown & { readonly personId: string }) => row.personId, whole: true },
  {
    title: 'APPROVED',
    of: (row: Shown) =>
      `${row.needs.filter((need) => need.given >= need.needed).length} of ${row.needs.length} workspaces`,
  },
]

const list: Command = {
  path: ['recoveries', 'list'],
  summary: 'List recoveries of members of your workspace that wait',
  operations: ['recoveries.list'],
  examples: [{ line: 'bulkhead recoveries list', says: 'who waits for an approval?' }],
  async run(context) {
    const found = await context.client().recoveries.list()
    context.out.show(found, (screen) =>
      found.data.length === 0
        ? 'No recovery waits.\n'
        : table(
            [...columns, { title: 'EARLIEST', of: (row) => relative(row.readyAt, screen.now) }],
            found.data,
            screen,
          ),
    )
  },
}

const listAll: Command = {
  path: ['people', 'recoveries'],
  summary: 'List all recoveries that wait',
  description: "For the operator: needs the operator's key.",
  operations: ['people.recoveries'],
  examples: [{ line: 'bulkhead people recoveries', says: 'does one wait for the operator?' }],
  async run(context) {
    const found = await context.operator().people.recoveries()
    context.out.show(found, (screen) =>
      found.data.length === 0
        ? 'No recovery waits.\n'
        : table(
            [
              ...columns,
              {
                title: 'OPERATOR',
                of: (row) =>
                  row.operator.isNeeded
                    ? row.operator.hasApproved
                      ? 'approved'
                      : 'must approve'
                    : 'not needed',
              },
            ],
            found.data,
            screen,
          ),
    )
  },
}

const approveAsOperator: Command = {
  path: ['people', 'approve-recovery'],
  summary: 'Approve the recovery of somebody whose workspace has nobody else',
  description:
    "For the operator: needs the operator's key. It does nothing by itself: the record in DNS, 72 hours, mailbox and password are needed too.",
  operations: ['people.approveRecovery'],
  arguments: [which],
  examples: [
    { line: 'bulkhead people approve-recovery rcv_…', says: 'after you have spoken with the person' },
  ],
  async run(context, given) {
    const done = await context.operator().people.approveRecovery(given.argument(which))
    context.out.show(done, (screen) => recoveryText(done, screen))
  },
}

export const recoveryCommands: readonly Command[] = [list, approve, refuse]
export const operatorRecoveryCommands: readonly Command[] = [listAll, approveAsOperator]
