import { CHOICES } from '@bulkhead/sdk'
import { choice, instant, text, texts, toggle, type Command } from '../command.ts'
import { UsageError } from '../failure.ts'
import { relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { table } from '../table.ts'

const state = choice('state', CHOICES['messages.outcomes'].state, 'How it ended. Default bounced.')
const recipient = text('recipient', 'ADDRESS', 'Only this address.')
const only = text('class', 'CLASS', 'Only refusals of this class, such as policy.')
const except = text('except-class', 'CLASS', 'All but refusals of this class.')
const open = toggle('open', 'Only those that nobody dismissed.')
const since = instant('since', 'past', 'From this time on. Default: 90 days ago.')

/** Whom mail did not reach, and why. */
export const outcomes: Command = {
  path: ['messages', 'outcomes'],
  summary: 'List recipients whom mail did not reach, and why',
  operations: ['messages.outcomes'],
  flags: [state, recipient, only, except, open, since, ...listFlags],
  examples: [
    {
      line: 'bulkhead messages outcomes --except-class recipient',
      says: 'refused for another reason than the address',
    },
  ],
  run: (context, given) => {
    const client = context.client()
    const filter = {
      state: given.flag(state),
      recipient: given.flag(recipient),
      class: given.flag(only),
      exceptClass: given.flag(except),
      dismissed: given.flag(open) ? ('false' as const) : undefined,
      since: given.flag(since),
    }
    return showList(
      context,
      given,
      (page) => client.messages.outcomes({ ...filter, ...page }),
      (items, screen) =>
        table(
          [
            { title: 'RECIPIENT', of: (row) => row.email ?? '(erased)' },
            { title: 'CLASS', of: (row) => row.class ?? '-' },
            {
              title: 'SAID',
              of: (row) => [row.code, row.enhanced, row.reply].filter((part) => part !== null).join(' '),
            },
            { title: 'WHEN', of: (row) => relative(row.at, screen.now) },
            { title: 'MESSAGE', of: (row) => row.messageId, whole: true },
          ],
          items,
          screen,
        ),
      'Nothing of the kind.',
    )
  },
}

const emails = texts('email', 'ADDRESS', 'Of this address. Can be given several times.')
const everybody = toggle('all', 'Of all addresses.')

/** Leaves refusals out of lists that ask for open ones. */
export const dismissOutcomes: Command = {
  path: ['messages', 'dismiss-outcomes'],
  summary: 'Leave refusals up to now out of lists that ask for what was not dismissed',
  description: 'The record of what became of mail stays.',
  operations: ['messages.dismissOutcomes'],
  flags: [emails, everybody],
  examples: [
    { line: 'bulkhead messages dismiss-outcomes --email ann@example.com', says: 'somebody has seen to it' },
  ],
  async run(context, given) {
    const named = given.flag(emails)
    if ((named.length === 0) !== given.flag(everybody))
      throw new UsageError('Give --email, or --all for every address.')
    await context.client().messages.dismissOutcomes(named.length === 0 ? {} : { emails: [...named] })
    context.out.show({ dismissed: true }, () => 'Dismissed.\n')
  },
}
