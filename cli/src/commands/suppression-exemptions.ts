import { argument, text, type Command } from '../command.ts'
import { relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { table } from '../table.ts'

const email = argument('ADDRESS', 'The address.')
const note = text('note', 'TEXT', 'A remark for people. Do not put an address here.')
const onlyEmail = text('email', 'ADDRESS', 'Only this address.')

const exempt: Command = {
  path: ['suppressions', 'exempt'],
  summary: 'Keep an address from being suppressed by hard bounces',
  description:
    'What bounces and people had written down of it is taken back. Complaints and unsubscribes count all the same.',
  operations: ['suppressionExemptions.add'],
  arguments: [email],
  flags: [note],
  examples: [
    {
      line: 'bulkhead suppressions exempt ops@example.com --note "their server refuses at night"',
      says: 'it is mailed again, whatever bounces say',
    },
  ],
  async run(context, given) {
    const added = await context
      .client()
      .suppressionExemptions.add({ email: given.argument(email), note: given.flag(note) })
    context.out.show(added, () => `Hard bounces do not suppress ${added.email ?? added.id}.\n`)
  },
}

const list: Command = {
  path: ['suppressions', 'exemptions'],
  summary: 'List addresses that hard bounces do not suppress, newest first',
  operations: ['suppressionExemptions.list'],
  flags: [onlyEmail, ...listFlags],
  examples: [{ line: 'bulkhead suppressions exemptions', says: 'whom this workspace vouches for' }],
  run: (context, given) => {
    const client = context.client()
    const filter = { email: given.flag(onlyEmail) }
    return showList(
      context,
      given,
      (page) => client.suppressionExemptions.list({ ...filter, ...page }),
      (items, screen) =>
        table(
          [
            { title: 'ADDRESS', of: (row) => row.email ?? '(erased)' },
            { title: 'SINCE', of: (row) => relative(row.createdAt, screen.now) },
            { title: 'NOTE', of: (row) => row.note ?? '-' },
            { title: 'ID', of: (row) => row.id, whole: true },
          ],
          items,
          screen,
        ),
      'No address is exempt.',
    )
  },
}

const end: Command = {
  path: ['suppressions', 'end-exemption'],
  summary: 'Let hard bounces suppress an address again',
  operations: ['suppressionExemptions.delete'],
  arguments: [email],
  examples: [
    { line: 'bulkhead suppressions end-exemption ops@example.com', says: 'the next hard bounce counts' },
  ],
  async run(context, given) {
    const asked = given.argument(email)
    await context.client().suppressionExemptions.delete({ email: asked })
    context.out.show({ removed: asked }, () => `Hard bounces suppress ${asked} again.\n`)
  },
}

/** Who is mailed whatever bounces say. */
export const exemptions: readonly Command[] = [exempt, list, end]
