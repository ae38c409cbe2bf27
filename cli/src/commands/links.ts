import type { Client, LinkDomain, MessageTracking, TrackingSettings } from '@bulkhead/sdk'
import { argument, choice, type Command } from '../command.ts'
import { EXIT, UsageError } from '../failure.ts'
import { clock, relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { paintState } from '../states.ts'
import { facts, table, type Screen } from '../table.ts'

const name = argument('HOST', 'A host of a sending domain, such as links.example.com.')
const host = argument('HOST', 'Its name, such as links.example.com, or its id, lnk_….')
const message = argument('MESSAGE', 'Its id, msg_….')

const add: Command = {
  path: ['links', 'add'],
  summary: 'Let links in mail lead to a host of your own',
  description: 'Answers the DNS record to publish. It is used for new mail as soon as it is found.',
  operations: ['linkDomains.add'],
  arguments: [name],
  examples: [{ line: 'bulkhead links add links.example.com', says: 'see what to publish' }],
  async run(context, given) {
    const added = await context.client().linkDomains.add({ name: given.argument(name) })
    context.out.show(added, (screen) => renderDomain(added, screen))
  },
}

const list: Command = {
  path: ['links', 'list'],
  summary: 'List link domains, newest first',
  operations: ['linkDomains.list'],
  flags: listFlags,
  examples: [{ line: 'bulkhead links list', says: 'hosts that links lead to' }],
  async run(context, given) {
    const { linkDomains } = context.client()
    await showList(
      context,
      given,
      (query) => linkDomains.list(query),
      (items, screen) =>
        table(
          [
            { title: 'HOST', of: (row) => row.name },
            { title: 'STATE', of: (row) => row.state },
            {
              title: 'CHECKED',
              of: (row) => (row.checkedAt === null ? '' : relative(row.checkedAt, screen.now)),
            },
            { title: 'ID', of: (row) => row.id, whole: true },
          ],
          items,
          screen,
        ),
      'No link domains. Links lead to this installation. Add one with: bulkhead links add links.example.com.',
    )
  },
}

const check: Command = {
  path: ['links', 'check'],
  summary: "Check a link domain's DNS record now",
  description: 'Says what DNS answered and what to change. Exit code 1 unless it is verified.',
  operations: ['linkDomains.verify'],
  arguments: [host],
  examples: [{ line: 'bulkhead links check links.example.com', says: 'after publishing the record' }],
  async run(context, given) {
    const client = context.client()
    const checked = await client.linkDomains.verify(await idOf(client, given.argument(host)))
    context.out.show(checked, (screen) => renderDomain(checked, screen))
    return checked.state === 'verified' ? EXIT.ok : EXIT.refused
  },
}

const remove: Command = {
  path: ['links', 'remove'],
  summary: 'Remove a link domain',
  description: 'Links of mail that was sent work as long as its DNS leads here.',
  operations: ['linkDomains.delete'],
  arguments: [host],
  examples: [{ line: 'bulkhead links remove links.example.com', says: 'new mail no longer uses it' }],
  async run(context, given) {
    const client = context.client()
    const id = await idOf(client, given.argument(host))
    await client.linkDomains.delete(id)
    context.out.show({ removed: id }, () => `Removed ${given.argument(host)}.\n`)
  },
}

const show: Command = {
  path: ['tracking', 'show'],
  summary: 'Show what is tracked',
  operations: ['tracking.get'],
  examples: [{ line: 'bulkhead tracking show', says: 'opens and clicks' }],
  async run(context) {
    const settings = await context.client().tracking.get()
    context.out.show(settings, (screen) => renderSettings(settings, screen))
  },
}

const MODES = ['off', 'on', 'never'] as const
const opens = choice('opens', MODES, 'Whether opens are tracked; never: a message cannot ask for it.')
const clicks = choice('clicks', MODES, 'Whether clicks are tracked.')
const critical = choice('critical', ['off', 'on'], 'Whether on counts for the lane critical too.')

const set: Command = {
  path: ['tracking', 'set'],
  summary: 'Change what is tracked',
  description: 'For new mail. What is not named stays. Sensitive mail is never tracked.',
  operations: ['tracking.update'],
  flags: [opens, clicks, critical],
  examples: [
    { line: 'bulkhead tracking set --clicks on', says: 'where a message says nothing' },
    { line: 'bulkhead tracking set --opens never', says: 'whatever a message says' },
  ],
  async run(context, given) {
    const wanted = given.flag(critical)
    const settings = await context.client().tracking.update({
      opens: given.flag(opens),
      clicks: given.flag(clicks),
      critical: wanted === undefined ? undefined : wanted === 'on',
    })
    context.out.show(settings, (screen) => renderSettings(settings, screen))
  },
}

const counts: Command = {
  path: ['tracking', 'message'],
  summary: 'Count opens and clicks of a message',
  description: 'By people, by proxies of mailbox providers, by scanners and unknown.',
  operations: ['tracking.message'],
  arguments: [message],
  examples: [{ line: 'bulkhead tracking message msg_01k3…', says: 'who fetched what' }],
  async run(context, given) {
    const found = await context.client().tracking.message(given.argument(message))
    context.out.show(found, (screen) => renderCounts(found, screen))
  },
}

async function idOf(client: Client, given: string): Promise<string> {
  if (given.startsWith('lnk_')) return given
  const wanted = given.toLowerCase().replace(/\.$/, '')
  for await (const item of client.linkDomains.listAll({ limit: 100 }))
    if (item.name === wanted) return item.id
  throw new UsageError(`${given} is not a link domain of this workspace. See: bulkhead links list.`)
}

function renderDomain(found: LinkDomain, screen: Screen): string {
  const { record } = found
  return facts(
    [
      ['Host', found.name],
      ['Id', found.id],
      ['State', paintState(found.state, found.state, screen.paint)],
      ['Record', `${record.type} ${record.name} → ${record.value}`],
      ['Found', record.found.length === 0 ? null : record.found.join(' | ')],
      ['What to do', record.advice],
      ['Failing', found.failingSince === null ? null : `since ${clock(found.failingSince)} UTC`],
    ],
    screen,
  )
}

function renderSettings(settings: TrackingSettings, screen: Screen): string {
  return facts(
    [
      ['Opens', settings.opens],
      ['Clicks', settings.clicks],
      ['Critical', settings.critical ? 'as the others' : 'off'],
    ],
    screen,
  )
}

/** How often one kind of fetcher was there. */
function count(by: 'person' | 'proxy' | 'scanner' | 'unknown') {
  return (row: MessageTracking['data'][number]): string => String(row.fetched[by] ?? 0)
}

function renderCounts(found: MessageTracking, screen: Screen): string {
  if (found.data.length === 0) return 'Nothing was fetched, or nothing of it is tracked.\n'
  return table(
    [
      { title: 'WHAT', of: (row) => (row.link === null ? row.kind : `${row.kind} ${row.link}`) },
      { title: 'RECIPIENT', of: (row) => (row.recipient === null ? 'any' : String(row.recipient)) },
      { title: 'PEOPLE', of: count('person') },
      { title: 'PROXIES', of: count('proxy') },
      { title: 'SCANNERS', of: count('scanner') },
      { title: 'UNKNOWN', of: count('unknown') },
      { title: 'LAST', of: (row) => relative(row.lastAt, screen.now) },
    ],
    found.data,
    screen,
  )
}

export const linkCommands: readonly Command[] = [add, list, check, remove, show, set, counts]
