import { CHOICES } from '@bulkhead/sdk'
import { choice, texts, toggle, type Command } from '../command.ts'
import { UsageError } from '../failure.ts'

const reason = choice('reason', CHOICES['suppressions.withdraw'].reason, 'Which reason. Needed.')
const emails = texts('email', 'ADDRESS', 'Of this address. Can be given several times.')
const everybody = toggle('all', 'Of all addresses.')

/** Takes one reason back; others go on. */
export const withdraw: Command = {
  path: ['suppressions', 'withdraw'],
  summary: 'Take one reason for suppressing back, of some addresses or of all',
  description: 'Where there were other reasons for an address they go on to stop its mail.',
  operations: ['suppressions.withdraw'],
  flags: [reason, emails, everybody],
  examples: [
    {
      line: 'bulkhead suppressions withdraw --reason hard_bounce --email ann@example.com',
      says: 'whether she unsubscribed is another matter',
    },
  ],
  async run(context, given) {
    const why = given.flag(reason)
    const named = given.flag(emails)
    if (why === undefined) throw new UsageError('--reason is missing.')
    if ((named.length === 0) !== given.flag(everybody))
      throw new UsageError('Give --email, or --all for every address.')
    const { suppressions } = context.client()
    let withdrawn = 0
    for (let hasMore = true; hasMore;) {
      const done = await suppressions.withdraw({
        reason: why,
        emails: named.length === 0 ? undefined : [...named],
      })
      withdrawn += done.withdrawn
      hasMore = done.hasMore && named.length === 0
    }
    context.out.show({ withdrawn }, () => `Withdrawn for ${withdrawn} addresses.\n`)
  },
}
