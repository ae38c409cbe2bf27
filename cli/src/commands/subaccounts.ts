import { CHOICES, type Subaccount } from '@bulkhead/sdk'
import { argument, choice, text, toggle, type Command } from '../command.ts'
import { UsageError } from '../failure.ts'
import { listFlags, showList } from '../listing.ts'
import { facts, table, type Screen } from '../table.ts'

const subaccount = argument('SUBACCOUNT', 'Its name, or its id, sba_….')
const name = argument('NAME', 'By which messages name it.')
const title = text('title', 'TEXT', 'A label for people.')
const note = text('note', 'TEXT', 'A remark for people.')
const hourly = text('hourly-quota', 'COUNT', 'Recipients an hour; what is more waits for the next hour.')
const unlimited = toggle('no-hourly-quota', 'It has no limit of its own any more.')
const state = choice('state', CHOICES['subaccounts.update'].state, 'paused: its mail is accepted and waits.')
const begins = text('begins', 'TEXT', 'Only those whose name begins with it.')

const create: Command = {
  path: ['subaccounts', 'create'],
  summary: 'Make a subaccount',
  operations: ['subaccounts.create'],
  arguments: [name],
  flags: [title, note, hourly],
  examples: [
    { line: 'bulkhead subaccounts create shop-17 --hourly-quota 5000', says: 'messages name shop-17' },
  ],
  async run(context, given) {
    const made = await context.client().subaccounts.create({
      name: given.argument(name),
      title: given.flag(title),
      note: given.flag(note),
      hourlyQuota: countOf(given.flag(hourly)),
    })
    context.out.show(made, (screen) => renderSubaccount(made, screen))
  },
}

const list: Command = {
  path: ['subaccounts', 'list'],
  summary: 'List subaccounts, oldest first',
  operations: ['subaccounts.list'],
  flags: [begins, ...listFlags],
  examples: [{ line: 'bulkhead subaccounts list', says: 'who sends how much' }],
  run: (context, given) => {
    const client = context.client()
    const filter = { begins: given.flag(begins) }
    return showList(
      context,
      given,
      (page) => client.subaccounts.list({ ...filter, ...page }),
      (items, screen) =>
        table(
          [
            { title: 'NAME', of: (row) => row.name },
            { title: 'STATE', of: (row) => row.state },
            { title: 'QUOTA', of: (row) => (row.hourlyQuota === null ? '-' : `${row.hourlyQuota}/h`) },
            { title: 'HOUR', of: (row) => String(row.sent.hour) },
            { title: 'WEEK', of: (row) => String(row.sent.week) },
            { title: 'MONTH', of: (row) => String(row.sent.month) },
            { title: 'ID', of: (row) => row.id, whole: true },
          ],
          items,
          screen,
        ),
      'No subaccounts yet. Make one with: bulkhead subaccounts create NAME.',
    )
  },
}

const show: Command = {
  path: ['subaccounts', 'show'],
  summary: 'Show a subaccount and how much it has sent',
  operations: ['subaccounts.get'],
  arguments: [subaccount],
  examples: [{ line: 'bulkhead subaccounts show shop-17', says: 'by its name' }],
  async run(context, given) {
    const found = await context.client().subaccounts.get(given.argument(subaccount))
    context.out.show(found, (screen) => renderSubaccount(found, screen))
  },
}

const change: Command = {
  path: ['subaccounts', 'change'],
  summary: 'Change, pause or resume a subaccount',
  operations: ['subaccounts.update'],
  arguments: [subaccount],
  flags: [title, note, hourly, unlimited, state],
  examples: [{ line: 'bulkhead subaccounts change shop-17 --state paused', says: 'its mail waits' }],
  async run(context, given) {
    const changed = await context.client().subaccounts.update(given.argument(subaccount), {
      title: given.flag(title),
      note: given.flag(note),
      hourlyQuota: given.flag(unlimited) ? null : countOf(given.flag(hourly)),
      state: given.flag(state),
    })
    context.out.show(changed, (screen) => renderSubaccount(changed, screen))
  },
}

const remove: Command = {
  path: ['subaccounts', 'remove'],
  summary: 'Remove a subaccount',
  operations: ['subaccounts.delete'],
  arguments: [subaccount],
  examples: [{ line: 'bulkhead subaccounts remove shop-17', says: 'messages cannot name it any more' }],
  async run(context, given) {
    await context.client().subaccounts.delete(given.argument(subaccount))
    context.out.show(
      { removed: given.argument(subaccount) },
      () => `Removed subaccount ${given.argument(subaccount)}.\n`,
    )
  },
}

function countOf(given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  if (!/^[1-9]\d{0,9}$/.test(given)) throw new UsageError('--hourly-quota takes a number from 1.')
  return Number(given)
}

function renderSubaccount(found: Subaccount, screen: Screen): string {
  return facts(
    [
      ['Subaccount', found.name],
      ['Title', found.title],
      ['State', found.state],
      ['Quota', found.hourlyQuota === null ? 'none of its own' : `${found.hourlyQuota} an hour`],
      ['Sent', `${found.sent.hour} this hour, ${found.sent.week} in 7 days, ${found.sent.month} in 30 days`],
      ['Note', found.note],
      ['Id', found.id],
    ],
    screen,
  )
}

export const subaccountCommands: readonly Command[] = [create, list, show, change, remove]
