import { CHOICES, type Webhook } from '@bulkhead/sdk'
import { argument, choice, choicesOf, text, texts, toggle, type Command } from '../command.ts'
import { EXIT, UsageError } from '../failure.ts'
import { clock, relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { paintState } from '../states.ts'
import { facts, table, type Screen } from '../table.ts'
import { renderDelivery, webhook, webhookDeliveryCommands } from './webhook-deliveries.ts'

const url = argument('URL', 'Where events are sent, https://….')
const events = choicesOf(
  'event',
  'TYPE',
  CHOICES['webhooks.create'].eventTypes,
  'Which events to send; without it, all.',
)
const description = text('description', 'TEXT', 'What the endpoint is for.')
const format = choice(
  'format',
  CHOICES['webhooks.create'].format,
  "In whose words events are told and signed; default bulkhead. A vendor's receivers stay as they are.",
)
const vendorEvents = texts(
  'vendor-event',
  'NAME',
  "Of a vendor's format: which of its events to send, by its names, instead of --event.",
)
const unsigned = toggle('unsigned', 'Do not sign requests; only with --format sendgrid.')

const add: Command = {
  path: ['webhooks', 'add'],
  summary: 'Add a webhook endpoint',
  description:
    'The signing secret is shown once. Signatures are those of Standard Webhooks, which has libraries for every language.',
  operations: ['webhooks.create'],
  arguments: [url],
  flags: [events, format, vendorEvents, unsigned, description],
  examples: [
    { line: 'bulkhead webhooks add https://example.com/hooks/mail', says: 'all events' },
    {
      line: 'bulkhead webhooks add https://example.com/bounces --event message.bounced,message.expired',
      says: 'only failures',
    },
    {
      line: 'bulkhead webhooks add https://example.com/sendgrid --format sendgrid',
      says: 'a receiver that was written for SendGrid',
    },
  ],
  async run(context, given) {
    const created = await context.client().webhooks.create({
      url: given.argument(url),
      eventTypes: given.flag(events),
      format: given.flag(format),
      formatEvents: chosenNames(given.flag(vendorEvents)),
      signing: given.flag(unsigned) ? false : undefined,
      description: given.flag(description),
    })
    context.out.show(
      created,
      (screen) =>
        renderSecret(created, screen) +
        renderWebhook(created, screen) +
        keepSecret(created, screen) +
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
            { title: 'FORMAT', of: (row) => row.format },
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
const signed = toggle('signed', 'Sign requests again.')

const update: Command = {
  path: ['webhooks', 'update'],
  summary: 'Change, enable or disable a webhook endpoint',
  description:
    'What waited while it was disabled is sent when it is enabled, if it is not older than seven days.',
  operations: ['webhooks.update'],
  arguments: [webhook],
  flags: [newUrl, newEvents, allEvents, format, vendorEvents, unsigned, signed, description, enable, disable],
  examples: [{ line: 'bulkhead webhooks update wh_01jq… --enable', says: 'after the endpoint was repaired' }],
  async run(context, given) {
    if (given.flag(enable) && given.flag(disable))
      throw new UsageError('Give --enable or --disable, not both.')
    if (given.flag(signed) && given.flag(unsigned))
      throw new UsageError('Give --signed or --unsigned, not both.')
    const chosen = given.flag(newEvents)
    const changed = await context.client().webhooks.update(given.argument(webhook), {
      url: given.flag(newUrl),
      description: given.flag(description),
      eventTypes: given.flag(allEvents) ? [] : chosen.length === 0 ? undefined : chosen,
      format: given.flag(format),
      formatEvents: chosenNames(given.flag(vendorEvents)),
      signing: given.flag(unsigned) ? false : given.flag(signed) ? true : undefined,
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
    'The new secret is shown once. The old one signs as well for 24 hours, so that receivers can change over; in the formats sendgrid and mandrill only the new one signs.',
  operations: ['webhooks.rotateSecret'],
  arguments: [webhook],
  examples: [{ line: 'bulkhead webhooks rotate-secret wh_01jq…', says: 'without missing an event' }],
  async run(context, given) {
    const rotated = await context.client().webhooks.rotateSecret(given.argument(webhook))
    context.out.show(
      rotated,
      (screen) =>
        renderSecret(rotated, screen) +
        facts(
          [
            [
              'Old secret',
              rotated.previousSecretExpiresAt === null
                ? null
                : `signs until ${clock(rotated.previousSecretExpiresAt)} UTC`,
            ],
          ],
          screen,
        ) +
        keepSecret(rotated, screen),
    )
  },
}

const verification: Command = {
  path: ['webhooks', 'verification'],
  summary: 'Show what the requests of an endpoint are verified with',
  description:
    'The public key of the format sendgrid. Secrets are shown where they are made, and nowhere else.',
  operations: ['webhooks.getVerification'],
  arguments: [webhook],
  examples: [{ line: 'bulkhead webhooks verification wh_01jq…', says: 'the key for the receiver' }],
  async run(context, given) {
    const found = await context.client().webhooks.getVerification(given.argument(webhook))
    context.out.show(found, (screen) =>
      facts(
        [
          ['Format', found.format],
          ['Signed', found.signing ? 'yes' : 'no'],
          ['Algorithm', found.algorithm],
          ['Headers', found.headers.join(', ')],
          ['Public key', found.publicKey],
        ],
        screen,
      ),
    )
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

interface MadeSecret {
  readonly secret: string | null
  readonly publicKey: string | null
}

function renderSecret({ secret, publicKey }: MadeSecret, screen: Screen): string {
  return facts(
    [
      ['Secret', secret],
      ['Public key', publicKey],
    ],
    screen,
  )
}

/** Where there is a secret that must be kept; a public key can be asked for. */
function keepSecret({ secret }: MadeSecret, screen: Screen): string {
  return secret === null ? '' : screen.paint.yellow('Keep the secret now: it is not shown again.\n')
}

function chosenNames(names: readonly string[]): string[] | undefined {
  return names.length === 0 ? undefined : [...names]
}

function renderWebhook(found: Webhook, screen: Screen): string {
  return facts(
    [
      ['Endpoint', found.url],
      ['Id', found.id],
      ['State', found.state],
      ['Because', found.disabledReason],
      ['Failing', found.failingSince === null ? null : `since ${clock(found.failingSince)} UTC`],
      ['Format', found.format === 'bulkhead' ? null : found.format],
      ['Signed', found.signing ? null : 'no'],
      ['Events', found.eventTypes.length === 0 ? 'all' : found.eventTypes.join(', ')],
      ['Told as', found.formatEvents.length === 0 ? null : found.formatEvents.join(', ')],
      ['For', found.description],
      ['New', found.inertUntil === null ? null : `no security.alert until ${clock(found.inertUntil)} UTC`],
      ['Added', `${clock(found.createdAt)} UTC`],
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
  verification,
  ...webhookDeliveryCommands,
  test,
]
