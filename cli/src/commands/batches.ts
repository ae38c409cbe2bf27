import { CHOICES, type Batch } from '@bulkhead/sdk'
import { argument, type Argument, type Command } from '../command.ts'
import { UsageError } from '../failure.ts'
import { clock, relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { facts, table, type Screen } from '../table.ts'

const STATES = CHOICES['batches.update'].state
const batch = argument('BATCH', 'Its id, bat_….')
const state: Argument<(typeof STATES)[number]> = {
  name: 'STATE',
  description: 'paused, cancelled or active.',
  choices: STATES,
  read(given) {
    const known = STATES.find((item) => item === given)
    if (known === undefined) throw new UsageError(`Name the state: ${STATES.join(', ')}.`)
    return known
  },
}

const create: Command = {
  path: ['batches', 'create'],
  summary: 'Make a batch that messages can name',
  operations: ['batches.create'],
  examples: [{ line: 'bulkhead batches create', says: 'its id goes into messages for ten days' }],
  async run(context) {
    const made = await context.client().batches.create({})
    context.out.show(made, (screen) => renderBatch(made, screen))
  },
}

const list: Command = {
  path: ['batches', 'list'],
  summary: 'List the batches that are paused or cancelled, newest first',
  operations: ['batches.list'],
  flags: listFlags,
  examples: [{ line: 'bulkhead batches list', says: 'what is stopped' }],
  run: (context, given) => {
    const client = context.client()
    return showList(
      context,
      given,
      (page) => client.batches.list(page),
      (items, screen) =>
        table(
          [
            { title: 'BATCH', of: (row) => row.id, whole: true },
            { title: 'STATE', of: (row) => row.state },
            { title: 'SINCE', of: (row) => relative(row.updatedAt, screen.now) },
          ],
          items,
          screen,
        ),
      'No batch is paused or cancelled.',
    )
  },
}

const show: Command = {
  path: ['batches', 'show'],
  summary: 'Show a batch',
  operations: ['batches.get'],
  arguments: [batch],
  examples: [{ line: 'bulkhead batches show bat_01m81p1nh4e308f24e9bx1vz7v', says: 'its state' }],
  async run(context, given) {
    const found = await context.client().batches.get(given.argument(batch))
    context.out.show(found, (screen) => renderBatch(found, screen))
  },
}

const set: Command = {
  path: ['batches', 'set'],
  summary: 'Pause, cancel or release the messages of a batch',
  operations: ['batches.update'],
  arguments: [batch, state],
  examples: [
    {
      line: 'bulkhead batches set bat_01m81p1nh4e308f24e9bx1vz7v cancelled',
      says: 'what is due is cancelled from now on',
    },
  ],
  async run(context, given) {
    const changed = await context
      .client()
      .batches.update(given.argument(batch), { state: given.argument(state) })
    context.out.show(changed, (screen) => renderBatch(changed, screen))
  },
}

function renderBatch(found: Batch, screen: Screen): string {
  return facts(
    [
      ['Batch', found.id],
      ['State', found.state],
      ['Takes messages until', `${clock(found.takesMessagesUntil)} UTC`],
    ],
    screen,
  )
}

export const batchCommands: readonly Command[] = [create, list, show, set]
