import { CHOICES, type WebhookDelivery } from '@bulkhead/sdk'
import { argument, choice, instant, toggle, type Command } from '../command.ts'
import { clock, relative } from '../instants.ts'
import { LIST_FLAGS, listFlags, showList } from '../listing.ts'
import { paintState } from '../states.ts'
import { facts, table, type Screen } from '../table.ts'

export const webhook = argument('WEBHOOK', 'Id of the endpoint, wh_….')
const delivery = argument('DELIVERY', 'Id of the delivery, whd_…; see bulkhead webhooks deliveries.')

const state = choice('state', CHOICES['webhooks.deliveries'].state, 'Only deliveries in this state.')

const type = choice('type', CHOICES['webhooks.deliveries'].type, 'Only deliveries of this event.')
const since = instant('since', 'past', 'Only deliveries of events since then.')
const newest = toggle('newest', 'The newest first; not a feed.')

const deliveries: Command = {
  path: ['webhooks', 'deliveries'],
  summary: 'List the deliveries of an endpoint',
  description:
    'In the order of their commits also a pull feed: go on from the cursor of the last delivery you have seen. Deliveries are kept for seven days.',
  operations: ['webhooks.deliveries'],
  arguments: [webhook],
  flags: [newest, state, type, since, ...listFlags],
  examples: [
    { line: 'bulkhead webhooks deliveries wh_01jq… --state failed', says: 'what did not arrive, and why' },
  ],
  run: (context, given) => {
    const client = context.client()
    const id = given.argument(webhook)
    const filter = {
      order: given.flag(newest) ? ('newest' as const) : undefined,
      state: given.flag(state),
      type: given.flag(type),
      since: given.flag(since),
    }
    return showList(
      context,
      given,
      (page) => client.webhooks.deliveries(id, { ...filter, ...page }),
      (items, screen) =>
        table(
          [
            { title: 'DELIVERY', of: (row) => row.id, whole: true },
            { title: 'EVENT', of: (row) => row.type },
            {
              title: 'STATE',
              of: (row) => row.state,
              paint: (cell, row) => paintState(row.state, cell, screen.paint),
            },
            { title: 'TRIES', of: (row) => String(row.attempts), align: 'right' },
            {
              title: 'HTTP',
              of: (row) => (row.lastStatus === null ? '-' : String(row.lastStatus)),
              align: 'right',
            },
            { title: 'NEXT', of: (row) => relative(row.nextAttemptAt, screen.now) },
            { title: 'PROBLEM', of: (row) => row.lastError ?? '-' },
          ],
          items,
          screen,
        ),
      given.flag(LIST_FLAGS.cursor) === undefined ? 'No deliveries yet.' : 'Nothing after this cursor.',
    )
  },
}

const replay: Command = {
  path: ['webhooks', 'replay'],
  summary: 'Deliver an event again',
  description: 'It keeps its webhook-id, so that a receiver can tell that it had it before.',
  operations: ['webhooks.replay'],
  arguments: [webhook, delivery],
  examples: [
    { line: 'bulkhead webhooks replay wh_01jq… whd_01jq…', says: 'after the receiver was repaired' },
  ],
  async run(context, given) {
    const replayed = await context.client().webhooks.replay(given.argument(webhook), given.argument(delivery))
    context.out.show(replayed, (screen) => renderDelivery(replayed, screen))
  },
}

const showDelivery: Command = {
  path: ['webhooks', 'delivery'],
  summary: 'Show what was sent to an endpoint and what it answered',
  operations: ['webhooks.delivery'],
  arguments: [webhook, delivery],
  examples: [
    { line: 'bulkhead webhooks delivery wh_01jq… whd_01jq…', says: 'why does the receiver refuse it?' },
  ],
  async run(context, given) {
    const found = await context.client().webhooks.delivery(given.argument(webhook), given.argument(delivery))
    context.out.show(found, (screen) =>
      [
        renderDelivery(found, screen),
        facts(
          [
            ['Tries', String(found.attempts)],
            ['HTTP', found.lastStatus === null ? null : String(found.lastStatus)],
            ['Took', found.durationMs === null ? null : `${found.durationMs} ms`],
            ['Problem', found.lastError],
          ],
          screen,
        ),
        `\nSent:\n${found.body ?? found.bodyProblem ?? '-'}\n`,
        found.answer === null ? '' : `\nAnswered:\n${found.answer}\n`,
      ].join(''),
    )
  },
}

const period = choice('period', CHOICES['webhooks.statistics'].period, 'Default 24h.')

const statistics: Command = {
  path: ['webhooks', 'stats'],
  summary: 'Show how deliveries to an endpoint went over time',
  operations: ['webhooks.statistics'],
  arguments: [webhook],
  flags: [period],
  examples: [{ line: 'bulkhead webhooks stats wh_01jq… --period 7d', says: 'when did it begin to fail?' }],
  async run(context, given) {
    const found = await context
      .client()
      .webhooks.statistics(given.argument(webhook), { period: given.flag(period) })
    context.out.show(found, (screen) => {
      const busy = found.data.filter((bin) => bin.delivered + bin.failed + bin.pending > 0)
      const sums = `${found.delivered} delivered, ${found.failed} failed, ${found.pending} waiting.\n`
      if (busy.length === 0) return 'No deliveries in this time.\n'
      return (
        table(
          [
            { title: 'FROM (UTC)', of: (bin) => clock(bin.at) },
            { title: 'DELIVERED', of: (bin) => String(bin.delivered), align: 'right' },
            { title: 'FAILED', of: (bin) => String(bin.failed), align: 'right' },
            { title: 'WAITING', of: (bin) => String(bin.pending), align: 'right' },
            {
              title: 'MEDIAN',
              of: (bin) => (bin.medianMs === null ? '-' : `${Math.round(bin.medianMs)} ms`),
              align: 'right',
            },
          ],
          busy,
          screen,
        ) + sums
      )
    })
  },
}

const replayFailed: Command = {
  path: ['webhooks', 'replay-failed'],
  summary: 'Deliver all failed events of an endpoint again, the oldest first',
  description: 'Those that had failed when the command began. Each keeps its webhook-id.',
  operations: ['webhooks.replayFailed'],
  arguments: [webhook],
  examples: [{ line: 'bulkhead webhooks replay-failed wh_01jq…', says: 'after the receiver was repaired' }],
  async run(context, given) {
    const client = context.client()
    const id = given.argument(webhook)
    const progress = context.out.progress('Replaying', null)
    let answer = await client.webhooks.replayFailed(id, {})
    let replayed = answer.replayed
    progress.advance(answer.replayed)
    while (answer.left > 0 && answer.replayed > 0) {
      answer = await client.webhooks.replayFailed(id, { until: answer.until })
      replayed += answer.replayed
      progress.advance(answer.replayed)
    }
    progress.end()
    context.out.show({ replayed, until: answer.until }, () =>
      replayed === 0 ? 'Nothing had failed.\n' : `${replayed} wait to be delivered again.\n`,
    )
  },
}

export function renderDelivery(found: WebhookDelivery, screen: Screen): string {
  return facts(
    [
      ['Delivery', found.id],
      ['Event', found.type],
      ['State', found.state],
      ['Message', found.messageId],
      ['Next try', found.nextAttemptAt === null ? null : relative(found.nextAttemptAt, screen.now)],
    ],
    screen,
  )
}

/** What became of deliveries, and sending them again. */
export const webhookDeliveryCommands: readonly Command[] = [
  deliveries,
  showDelivery,
  statistics,
  replay,
  replayFailed,
]
