import type { Client, Domain } from '@bulkhead/sdk'
import { argument, text, toggle, type Command } from '../command.ts'
import { EXIT, UsageError } from '../failure.ts'
import { writeOutput } from '../files.ts'
import { clock, heldUntil, relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { paintState } from '../states.ts'
import { facts, table, type Screen } from '../table.ts'

const name = argument('NAME', 'The domain, such as example.com.')
const domain = argument('DOMAIN', 'Its name, such as example.com, or its id, dom_….')

const add: Command = {
  path: ['domains', 'add'],
  summary: 'Add a sending domain',
  description:
    'Answers the DNS records to publish. Mail is accepted from the domain as soon as they are found. In development, *.test domains need no records.',
  operations: ['domains.add'],
  arguments: [name],
  examples: [
    { line: 'bulkhead domains add example.com', says: 'see what to publish' },
    { line: 'bulkhead domains add shop.test', says: 'in development: usable at once' },
  ],
  async run(context, given) {
    const added = await context.client().domains.add({ name: given.argument(name) })
    context.out.show(added, (screen) => renderDomain(added, screen))
  },
}

const list: Command = {
  path: ['domains', 'list'],
  summary: 'List sending domains, newest first',
  operations: ['domains.list'],
  flags: listFlags,
  examples: [{ line: 'bulkhead domains list', says: 'which domains may send' }],
  run: (context, given) => {
    const client = context.client()
    return showList(
      context,
      given,
      (page) => client.domains.list(page),
      (items, screen) =>
        table(
          [
            { title: 'DOMAIN', of: (row) => row.name },
            {
              title: 'STATE',
              of: (row) => row.state,
              paint: (cell, row) => paintState(row.state, cell, screen.paint),
            },
            { title: 'CHECKED', of: (row) => relative(row.checkedAt, screen.now) },
            {
              title: 'RECORDS',
              of: (row) =>
                `${row.records.filter((record) => record.state === 'ok').length} of ${row.records.length} found`,
            },
            { title: 'ID', of: (row) => row.id, whole: true },
          ],
          items,
          screen,
        ),
      'No domains yet. Add one with: bulkhead domains add example.com.',
    )
  },
}

const show: Command = {
  path: ['domains', 'show'],
  summary: 'Show a domain and its DNS records',
  operations: ['domains.get'],
  arguments: [domain],
  examples: [{ line: 'bulkhead domains show example.com', says: 'what to publish, and what is found' }],
  async run(context, given) {
    const client = context.client()
    const found = await client.domains.get(await idOf(client, given.argument(domain)))
    context.out.show(found, (screen) => renderDomain(found, screen))
  },
}

const isNot = toggle('off', 'No longer.')

const makeDefault: Command = {
  path: ['domains', 'default'],
  summary: 'Make a domain the default one',
  description: 'Programs get it that ask for the default domain of the workspace.',
  operations: ['domains.update'],
  arguments: [domain],
  flags: [isNot],
  examples: [{ line: 'bulkhead domains default example.com', says: 'instead of the one before' }],
  async run(context, given) {
    const client = context.client()
    const changed = await client.domains.update(await idOf(client, given.argument(domain)), {
      isDefault: !given.flag(isNot),
    })
    context.out.show(changed, (screen) => renderDomain(changed, screen))
  },
}

const isFree = toggle('off', 'In clear text where a server takes no TLS, as is usual.')

const demandTls: Command = {
  path: ['domains', 'tls'],
  summary: 'Let mail from a domain leave in TLS only',
  description:
    'It goes only to servers that take it in TLS, and bounces elsewhere. It holds for mail that is accepted from then on.',
  operations: ['domains.update'],
  arguments: [domain],
  flags: [isFree],
  examples: [{ line: 'bulkhead domains tls example.com', says: 'never in clear text' }],
  async run(context, given) {
    const client = context.client()
    const changed = await client.domains.update(await idOf(client, given.argument(domain)), {
      tls: given.flag(isFree) ? 'opportunistic' : 'required',
    })
    context.out.show(changed, (screen) => renderDomain(changed, screen))
  },
}

const check: Command = {
  path: ['domains', 'check'],
  summary: "Check a domain's DNS records now",
  description:
    'Says of every record what DNS answered and what to change. Exit code 1 unless the domain is verified.',
  operations: ['domains.verify'],
  arguments: [domain],
  examples: [{ line: 'bulkhead domains check example.com', says: 'after publishing the records' }],
  async run(context, given) {
    const client = context.client()
    const checked = await client.domains.verify(await idOf(client, given.argument(domain)))
    context.out.show(checked, (screen) => renderDomain(checked, screen))
    return checked.state === 'verified' ? EXIT.ok : EXIT.refused
  },
}

const emergency = toggle(
  'emergency',
  'A private key may be in wrong hands: sign with the standby key at once.',
)
const cancel = toggle('cancel', 'Call off a change that waits for DNS; its keys are destroyed.')

const rotate: Command = {
  path: ['domains', 'rotate'],
  summary: "Change a domain's DKIM keys",
  description:
    'Makes new keys and prints the records to publish. Mail is signed with them as soon as DNS shows them; the old records stay for 7 days.',
  operations: ['domains.rotateDkim', 'domains.cancelRotation'],
  arguments: [domain],
  flags: [emergency, cancel],
  examples: [
    { line: 'bulkhead domains rotate example.com', says: 'new keys, about every six months' },
    { line: 'bulkhead domains rotate example.com --emergency', says: 'a key may be stolen' },
    { line: 'bulkhead domains rotate example.com --cancel', says: 'go on with the keys of now' },
  ],
  async run(context, given) {
    const client = context.client()
    if (given.flag(cancel) && given.flag(emergency))
      throw new UsageError('Give --cancel or --emergency, not both.')
    const id = await idOf(client, given.argument(domain))
    const found = given.flag(cancel)
      ? await client.domains.cancelRotation(id)
      : await client.domains.rotateDkim(id, { emergency: given.flag(emergency) })
    context.out.show(found, (screen) => renderDomain(found, screen))
  },
}

const remove: Command = {
  path: ['domains', 'remove'],
  summary: 'Remove a sending domain',
  description:
    'Nothing more is accepted from it, and its private keys are destroyed. Mail of it that still waits is not sent unsigned: it waits until it expires.',
  operations: ['domains.delete'],
  arguments: [domain],
  examples: [{ line: 'bulkhead domains remove example.com', says: 'stop sending from it' }],
  async run(context, given) {
    const client = context.client()
    const id = await idOf(client, given.argument(domain))
    await client.domains.delete(id)
    context.out.show({ removed: id }, () => `Removed ${given.argument(domain)}.\n`)
  },
}

const output = text('output', 'FILE', 'Write to a file instead of standard output.')

const zone: Command = {
  path: ['domains', 'zone'],
  summary: 'Print the delegation zone as zone-file lines',
  description:
    "For the operator: needs the operator's key. Include the lines in the zone of BULKHEAD_DELEGATION_ZONE.",
  operations: ['operations.zone'],
  flags: [output],
  examples: [{ line: 'bulkhead domains zone --output bulkhead.zone', says: 'for the name server' }],
  async run(context, given) {
    writeOutput(context, given.flag(output), await context.operator().operations.zone())
  },
}

async function idOf(client: Client, given: string): Promise<string> {
  if (given.startsWith('dom_')) return given
  const wanted = given.toLowerCase().replace(/\.$/, '')
  for await (const item of client.domains.listAll({ limit: 100 })) if (item.name === wanted) return item.id
  throw new UsageError(`${given} is not a domain of this workspace. See: bulkhead domains list.`)
}

function renderDomain(found: Domain, screen: Screen): string {
  const todo = found.records.filter(
    (record) => record.advice !== null && (record.state !== 'ok' || record.dkim?.state === 'removable'),
  )
  const hint = found.records.find((record) => record.dkim?.hint != null)?.dkim?.hint ?? null
  return [
    facts(
      [
        ['Domain', found.name],
        ['Id', found.id],
        ['State', found.state],
        ['Verified', found.verifiedAt === null ? null : `${clock(found.verifiedAt)} UTC`],
        ['Checked', found.checkedAt === null ? null : relative(found.checkedAt, screen.now)],
        [
          'Failing',
          found.failingSince === null
            ? null
            : `since ${clock(found.failingSince)} UTC; usable for 72 h from then`,
        ],
        ['New', heldUntil(found.inertUntil)],
        ['Rotation', rotationWords(found)],
        ['Hint', hint],
      ],
      screen,
    ),
    found.records.length === 0 ? '' : `\n${screen.paint.dim('DNS RECORDS TO PUBLISH')}\n`,
    ...found.records.map((record) =>
      [
        `\n${paintState(record.state, record.state.padEnd(8), screen.paint)} ${record.purpose}${keyWords(record)}\n`,
        facts(
          [
            ['  name', record.name],
            ['  type', record.type],
            ['  value', record.value],
            ['  found', record.state === 'ok' ? null : record.found.join(' | ')],
          ],
          screen,
        ),
      ].join(''),
    ),
    todo.length === 0 ? '' : `\n${screen.paint.bold('What to do')}\n`,
    ...todo.map((record) => `  ${record.purpose}: ${record.advice ?? ''}\n`),
  ].join('')
}

function keyWords({ dkim: key, required }: Domain['records'][number]): string {
  if (key === null) return required ? '' : ' (optional)'
  const days = `${key.ageDays} ${key.ageDays === 1 ? 'day' : 'days'} old`
  return ` (${key.state}, ${days}${required || key.state !== 'active' ? '' : ', optional'})`
}

function rotationWords({ rotation }: Domain): string | null {
  switch (rotation?.state) {
    case undefined:
      return null
    case 'waiting':
      return 'waits until DNS shows the new records'
    case 'retiring':
      return `new keys sign; leave the old records until ${clock(rotation.until ?? '')} UTC`
    case 'removable':
      return 'done; delete the old records'
  }
}

export const domainCommands: readonly Command[] = [
  add,
  list,
  show,
  makeDefault,
  demandTls,
  check,
  rotate,
  remove,
  zone,
]
