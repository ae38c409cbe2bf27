import { argument, requiredText, type Command } from '../command.ts'
import { relative } from '../instants.ts'
import { facts, table } from '../table.ts'

const label = requiredText('label', 'LABEL', 'A label or pseudonym of the member.')
const member = argument('MEMBER', 'Its id, stf_….')

const add: Command = {
  path: ['staff', 'add'],
  summary: 'Add a member of staff',
  description: "For the operator: needs the operator's key. The staff key is shown once.",
  operations: ['staffMembers.add'],
  flags: [label],
  examples: [{ line: 'bulkhead staff add --label ann-7', says: 'give the key to ann, and to nobody else' }],
  async run(context, given) {
    const added = await context.staff().staffMembers.add({ label: given.flag(label) })
    context.out.show(
      added,
      (screen) =>
        facts(
          [
            ['Staff key', added.key],
            ['Id', added.id],
            ['Label', added.label],
          ],
          screen,
        ) + screen.paint.yellow('Keep the key now: it is not shown again.\n'),
    )
  },
}

const list: Command = {
  path: ['staff', 'list'],
  summary: 'List members of staff',
  description: "For the operator: needs the operator's key. Revoked members stay in the list.",
  operations: ['staffMembers.list'],
  examples: [{ line: 'bulkhead staff list', says: 'who may contain, and since when' }],
  async run(context) {
    const members = await context.staff().staffMembers.list()
    context.out.show(members, (screen) =>
      members.data.length === 0
        ? 'No staff. Add a member with: bulkhead staff add --label LABEL.\n'
        : table(
            [
              { title: 'LABEL', of: (row) => row.label },
              { title: 'STARTS WITH', of: (row) => row.prefix },
              { title: 'STATE', of: (row) => (row.revokedAt === null ? 'active' : 'revoked') },
              { title: 'LAST USED', of: (row) => relative(row.lastUsedAt, screen.now) },
              { title: 'ID', of: (row) => row.id, whole: true },
            ],
            members.data,
            screen,
          ),
    )
  },
}

const revoke: Command = {
  path: ['staff', 'revoke'],
  summary: 'Revoke a member of staff',
  description: "For the operator: needs the operator's key. The next request with the staff key fails.",
  operations: ['staffMembers.revoke'],
  arguments: [member],
  examples: [{ line: 'bulkhead staff revoke stf_01jq…', says: 'the id is in bulkhead staff list' }],
  async run(context, given) {
    await context.staff().staffMembers.revoke(given.argument(member))
    context.out.show({ revoked: given.argument(member) }, () => `Revoked ${given.argument(member)}.\n`)
  },
}

export const staffMemberCommands: readonly Command[] = [add, list, revoke]
