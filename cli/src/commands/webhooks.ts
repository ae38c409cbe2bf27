import { CHOICES, type Webhook, type WebhookDelivery } from '@bulkhead/sdk'
import { argument, choice, choicesOf, text, toggle, type Command } from '../command.ts'
import { EXIT, UsageError } from '../failure.ts'
import { clock, relative } from '../instants.ts'
import { LIST_FLAGS, listFlags, showList } from '../listing.ts'
import { paintState } from '../states.ts'
import { facts, table, type Screen } from '../table.ts'

const url = argument('URL', 'Where events are sent, https://….')
const webhook = argument('WEBHOOK', 'Id of the endpoint, wh_….')
const delivery = argument('DELIVERY', 'Id of the delivery, whd_…; see bulkhead webhooks deliveries.')
const events = choicesOf(
  'event',
  'TYPE',
  CHOICES['webhooks.create'].eventTypes,
  'Which events to send; without it, all.',
)
const description = text('description', 'TEXT', 'What the endpoint is for.')

const add: Command = {
  path: ['webhooks', 'add'],
  summary: 'Add a webhook endpoint',
  description:
    'The signing secret is shown once. Signatures are those of Standard Webhooks, which has libraries for every language.',
  operations: ['webhooks.create'],
  arguments: [url],
  flags: [events, description],
  examples: [
    { line: 'bulkhead webhooks add https://example.com/hooks/mail', says: 'all events' },
    {
      line: 'bulkhead webhooks add https://example.com/bounces --event message.bounced,message.expired',
      says: 'only failures',
    },
  ],
  async run(context, given) {
    const created = await context.client().webhooks.create({
      url: given.argument(url),
      eventTypes: given.flag(events),
      description: given.flag(description),
    })
    context.out.show(
      created,
      (screen) =>
        facts([['Secret', created.secret]], screen) +
        renderWebhook(created, screen) +
        screen.paint.yellow('Keep the secret now: it is not shown again.\n') +
        screen.paint.dim(`Try it: bulkhead webhooks test ${created.id}\n`),
    )
  },
}

const list: Command = {
  path: ['webhooks', 'list'],
  summary: 'List webhook endpoints, newest first',
  operations: ['webhooks.list'],
  flags: listFlags,
  examples: [{ line: 'bulkhead webhooks list', says: 'which endpoints there are, and which fail' }],
  run: (context, given) => {
    const client = context.client()
    return showList(
      context,
      given,
      (page) => client.webhooks.list(page),
      (items, screen) =>
        table(
          [
            { title: 'URL', of: (row) => row.url },
            {
              title: 'STATE',
              of: (row) => row.state,
              paint: (cell, row) => paintState(row.state, cell, screen.paint),
            },
            {
              title: 'FAILING',
              of: (row) => (row.failingSince === null ? '-' : relative(row.failingSince, screen.now)),
            },
            {
              title: 'EVENTS',
              of: (row) => (row.eventTypes.length === 0 ? 'all' : row.eventTypes.join(' ')),
            },
            { title: 'ID', of: (row) => row.id, whole: true },
          ],
          items,
          screen,
        ),
      'No endpoints. Add one with: bulkhead webhooks add https://example.com/hooks.',
    )
  },
}

const show: Command = {
  path: ['webhooks', 'show'],
  summary: 'Show a webhook endpoint',
  operations: ['webhooks.get'],
  arguments: [webhook],
  examples: [{ line: 'bulkhead webhooks show wh_01jq…', says: 'its state, and why it was switched off' }],
  async run(context, given) {
    const found = await context.client().webhooks.get(given.argument(webhook))
    context.out.show(found, (screen) => renderWebhook(found, screen))
  },
}

const newUrl = text('endpoint-url', 'URL', 'A new address of the endpoint.')
const enable = toggle('enable', 'Send again, also what waited.')
const disable = toggle('disable', 'Send nothing until it is enabled.')
const newEvents = choicesOf(
  'event',
  'TYPE',
  CHOICES['webhooks.create'].eventTypes,
  'Which events to send from now on.',
)
const allEvents = toggle('all-events', 'Send all events from now on.')

const update: Command = {
  path: ['webhooks', 'update'],
  summary: 'Change, enable or disable a webhook endpoint',
  description:
    'What waited while it was disabled is sent when it is enabled, if it is not older than seven days.',
  operations: ['webhooks.update'],
  arguments: [webhook],
  flags: [newUrl, newEvents, allEvents, description, enable, disable],
  examples: [{ line: 'bulkhead webhooks update wh_01jq… --enable', says: 'after the endpoint was repaired' }],
  async run(context, given) {
    if (given.flag(enable) && given.flag(disable))
      throw new UsageError('Give --enable or --disable, not both.')
    const chosen = given.flag(newEvents)
    const changed = await context.client().webhooks.update(given.argument(webhook), {
      url: given.flag(newUrl),
      description: given.flag(description),
      eventTypes: given.flag(allEvents) ? [] : chosen.length === 0 ? undefined : chosen,
      state: given.flag(enable) ? 'enabled' : given.flag(disable) ? 'disabled' : undefined,
    })
    context.out.show(changed, (screen) => renderWebhook(changed, screen))
  },
}

const remove: Command = {
  path: ['webhooks', 'remove'],
  summary: 'Remove a webhook endpoint and its deliveries',
  operations: ['webhooks.delete'],
  arguments: [webhook],
  examples: [{ line: 'bulkhead webhooks remove wh_01jq…', says: 'nothing more is sent to it' }],
  async run(context, given) {
    await context.client().webhooks.delete(given.argument(webhook))
    context.out.show({ removed: given.argument(webhook) }, () => `Removed ${given.argument(webhook)}.\n`)
  },
}

const rotateSecret: Command = {
  path: ['webhooks', 'rotate-secret'],
  summary: 'Make a new signing secret',
  description:
    'The new secret is shown once. The old one signs as well for 24 hours, so that receivers can change over.',
  operations: ['webhooks.rotateSecret'],
  arguments: [webhook],
  examples: [{ line: 'bulkhead webhooks rotate-secret wh_01jq…', says: 'without missing an event' }],
  async run(context, given) {
    const rotated = await context.client().webhooks.rotateSecret(given.argument(webhook))
    context.out.show(
      rotated,
      (screen) =>
        facts(
          [
            ['Secret', rotated.secret],
            [
              'Old secret',
              rotated.previousSecretExpiresAt === null
                ? null
                : `signs until ${clock(rotated.previousSecretExpiresAt)} UTC`,
            ],
          ],
          screen,
        ) + screen.paint.yellow('Keep the secret now: it is not shown again.\n'),
    )
  },
}

const state = choice('state', CHOICES['webhooks.deliveries'].state, 'Only deliveries in this state.')

const deliveries: Command = {
  path: ['webhooks', 'deliveries'],
  summary: 'List the deliveries of an endpoint in the order of their commits',
  description:
    'Also a pull feed: go on from the cursor of the last delivery you have seen. Deliveries are kept for seven days.',
  operations: ['webhooks.deliveries'],
  arguments: [webhook],
  flags: [state, ...listFlags],
  examples: [
    { line: 'bulkhead webhooks deliveries wh_01jq… --state failed', says: 'what did not arrive, and why' },
  ],
  run: (context, given) => {
    const client = context.client()
    const id = given.argument(webhook)
    return showList(
      context,
      given,
      (page) => client.webhooks.deliveries(id, { state: given.flag(state), ...page }),
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

const test: Command = {
  path: ['webhooks', 'test'],
  summary: 'Send a test event to an endpoint',
  operations: ['webhooks.test'],
  arguments: [webhook],
  examples: [
    { line: 'bulkhead webhooks test wh_01jq…', says: 'then see: bulkhead webhooks deliveries wh_01jq…' },
  ],
  async run(context, given) {
    const sent = await context.client().webhooks.test(given.argument(webhook))
    context.out.show(
      sent,
      (screen) =>
        renderDelivery(sent, screen) +
        screen.paint.dim(`See what became of it: bulkhead webhooks deliveries ${given.argument(webhook)}\n`),
    )
    return EXIT.ok
  },
}

function renderWebhook(found: Webhook, screen: Screen): string {
  return facts(
    [
      ['Endpoint', found.url],
      ['Id', found.id],
      ['State', found.state],
      ['Because', found.disabledReason],
      ['Failing', found.failingSince === null ? null : `since ${clock(found.failingSince)} UTC`],
      ['Events', found.eventTypes.length === 0 ? 'all' : found.eventTypes.join(', ')],
      ['For', found.description],
      ['New', found.inertUntil === null ? null : `no security.alert until ${clock(found.inertUntil)} UTC`],
      ['Added', `${clock(found.createdAt)} UTC`],
    ],
    screen,
  )
}

function renderDelivery(found: WebhookDelivery, screen: Screen): string {
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

export const webhookCommands: readonly Command[] = [
  add,
  list,
  show,
  update,
  remove,
  rotateSecret,
  deliveries,
  replay,
  test,
]
