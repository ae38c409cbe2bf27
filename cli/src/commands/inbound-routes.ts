import { CHOICES, type InboundRoute } from '@bulkhead/sdk'
import { argument, choice, toggle, text, type Command } from '../command.ts'
import { UsageError } from '../failure.ts'
import { clock, relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { paintState } from '../states.ts'
import { facts, table, type Screen } from '../table.ts'

const hostname = argument(
  'HOSTNAME',
  'A verified sending domain or a name below one, such as parse.example.com.',
)
const url = argument('URL', 'Where its mail is posted, https://….')
const route = argument('ROUTE', 'Id of the route, inr_….')
const mail = argument('MAIL', 'Id of the mail, inm_…; see bulkhead inbound-routes mail.')
const raw = toggle('raw', 'Post the mail as it came, instead of its parts.')

const add: Command = {
  path: ['inbound-routes', 'add'],
  summary: 'Get the mail of a host name by HTTP',
  description:
    "Mail to any address there is posted in the format of SendGrid's Inbound Parse. Lead the MX record of the host name here.",
  operations: ['inboundRoutes.create'],
  arguments: [hostname, url],
  flags: [raw],
  examples: [
    {
      line: 'bulkhead inbound-routes add parse.example.com https://example.com/hooks/parse',
      says: 'every mail to …@parse.example.com',
    },
  ],
  async run(context, given) {
    const created = await context.client().inboundRoutes.create({
      hostname: given.argument(hostname),
      url: given.argument(url),
      sendRaw: given.flag(raw),
    })
    context.out.show(created, (screen) => renderRoute(created, screen))
  },
}

const list: Command = {
  path: ['inbound-routes', 'list'],
  summary: 'List inbound routes, newest first',
  operations: ['inboundRoutes.list'],
  flags: listFlags,
  examples: [{ line: 'bulkhead inbound-routes list', says: 'which host names take mail' }],
  run: (context, given) => {
    const client = context.client()
    return showList(
      context,
      given,
      (page) => client.inboundRoutes.list(page),
      (items, screen) =>
        table(
          [
            { title: 'HOST NAME', of: (row) => row.hostname },
            { title: 'URL', of: (row) => row.url },
            { title: 'TAKES MAIL', of: (row) => (row.isActive ? 'yes' : 'no: domain not verified') },
            { title: 'ID', of: (row) => row.id, whole: true },
          ],
          items,
          screen,
        ),
      'No routes. Add one with: bulkhead inbound-routes add parse.example.com https://example.com/hooks.',
    )
  },
}

const show: Command = {
  path: ['inbound-routes', 'show'],
  summary: 'Show an inbound route, with the key that its requests are verified with',
  operations: ['inboundRoutes.get'],
  arguments: [route],
  examples: [{ line: 'bulkhead inbound-routes show inr_01jq…', says: 'where does the mail go?' }],
  async run(context, given) {
    const found = await context.client().inboundRoutes.get(given.argument(route))
    context.out.show(found, (screen) => renderRoute(found, screen))
  },
}

const newUrl = text('endpoint-url', 'URL', 'A new address of the program.')
const parsed = toggle('parsed', 'Post the parts of the mail again.')

const update: Command = {
  path: ['inbound-routes', 'update'],
  summary: 'Change where the mail of a host name goes',
  description: 'What waits goes to the new URL.',
  operations: ['inboundRoutes.update'],
  arguments: [route],
  flags: [newUrl, raw, parsed],
  examples: [
    {
      line: 'bulkhead inbound-routes update inr_01jq… --endpoint-url https://example.com/hooks/2',
      says: 'the program has moved',
    },
  ],
  async run(context, given) {
    if (given.flag(raw) && given.flag(parsed)) throw new UsageError('Give --raw or --parsed, not both.')
    const changed = await context.client().inboundRoutes.update(given.argument(route), {
      url: given.flag(newUrl),
      sendRaw: given.flag(raw) ? true : given.flag(parsed) ? false : undefined,
    })
    context.out.show(changed, (screen) => renderRoute(changed, screen))
  },
}

const remove: Command = {
  path: ['inbound-routes', 'remove'],
  summary: 'Take no more mail for a host name',
  description: 'What was taken before still goes to the program.',
  operations: ['inboundRoutes.delete'],
  arguments: [route],
  examples: [{ line: 'bulkhead inbound-routes remove inr_01jq…', says: 'its mail is refused from now on' }],
  async run(context, given) {
    await context.client().inboundRoutes.delete(given.argument(route))
    context.out.show({ removed: given.argument(route) }, () => `Removed ${given.argument(route)}.\n`)
  },
}

const state = choice('state', CHOICES['inboundRoutes.mail'].state, 'Only mail in this state.')

const listMail: Command = {
  path: ['inbound-routes', 'mail'],
  summary: 'List what came for a route and what became of it, newest first',
  operations: ['inboundRoutes.mail'],
  arguments: [route],
  flags: [state, ...listFlags],
  examples: [
    { line: 'bulkhead inbound-routes mail inr_01jq… --state failed', says: 'what did the program refuse?' },
  ],
  run: (context, given) => {
    const client = context.client()
    return showList(
      context,
      given,
      (page) => client.inboundRoutes.mail(given.argument(route), { state: given.flag(state), ...page }),
      (items, screen) =>
        table(
          [
            { title: 'MAIL', of: (row) => row.id, whole: true },
            { title: 'CAME', of: (row) => relative(row.receivedAt, screen.now) },
            {
              title: 'STATE',
              of: (row) => row.state,
              paint: (cell, row) => paintState(row.state, cell, screen.paint),
            },
            { title: 'TRIES', of: (row) => String(row.attempts), align: 'right' },
            { title: 'NEXT', of: (row) => relative(row.nextAttemptAt, screen.now) },
            { title: 'PROBLEM', of: (row) => row.lastError ?? '-' },
          ],
          items,
          screen,
        ),
      'No mail yet.',
    )
  },
}

const retry: Command = {
  path: ['inbound-routes', 'retry'],
  summary: 'Post a mail that was refused again',
  description: 'Within 72 hours of its arrival; its content is erased then.',
  operations: ['inboundRoutes.retryMail'],
  arguments: [route, mail],
  examples: [
    { line: 'bulkhead inbound-routes retry inr_01jq… inm_01jq…', says: 'after the program was repaired' },
  ],
  async run(context, given) {
    const retried = await context
      .client()
      .inboundRoutes.retryMail(given.argument(route), given.argument(mail))
    context.out.show(retried, () => `${retried.id} waits to be posted again.\n`)
  },
}

function renderRoute(found: InboundRoute, screen: Screen): string {
  return facts(
    [
      ['Host name', found.hostname],
      ['Posted to', found.url],
      ['As', found.sendRaw ? 'the mail as it came' : 'its parts'],
      [
        'Takes mail',
        found.isActive ? 'yes' : 'no: no verified domain of this workspace proves the host name',
      ],
      ['Public key', found.publicKey],
      ['Id', found.id],
      ['Added', `${clock(found.createdAt)} UTC`],
    ],
    screen,
  )
}

export const inboundRouteCommands: readonly Command[] = [add, list, show, update, remove, listMail, retry]
