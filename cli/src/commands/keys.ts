import { CHOICES, type ApiKeysCreateOutput as ApiKeyWithSecret } from '@bulkhead/sdk'
import {
  argument,
  choice,
  choicesOf,
  instant,
  text,
  texts,
  toggle,
  type Command,
  type Context,
} from '../command.ts'
import { UsageError } from '../failure.ts'
import { listFlags, showList } from '../listing.ts'
import { facts, table } from '../table.ts'
import { doorCommands } from './doors.ts'
import { keyChangeCommands } from './key-changes.ts'
import {
  allowedCidrs,
  allowedSenders,
  boundFacts,
  given as listed,
  lastUse,
  overlap,
  stateOf,
} from './key-bounds.ts'

const name = text(
  'name',
  'NAME',
  'What the key is for. Needed, but with --door: default the name of the door.',
)
const scopes = choicesOf(
  'scope',
  'SCOPE',
  CHOICES['apiKeys.create'].scopes,
  'What it may do. Default: all that your own key may.',
)
const expiresAt = instant(
  'expires-at',
  'future',
  'When it stops working. Default: as your own key, or never.',
)
const onLeak = choice(
  'on-leak',
  CHOICES['apiKeys.create'].onLeak,
  'What a report of a leak does. by_scope, the default: a key that can only send goes on for 72 hours from where it worked, any other is revoked.',
)
const door = choice(
  'door',
  CHOICES['apiKeys.create'].door,
  'Make a key for programs written for this vendor: it has the form of the vendor’s, opens /compat/DOOR and nothing else.',
)
const doorScopes = texts(
  'door-scope',
  'SCOPE',
  'Of a key of a door: what it may do by the vendor’s own names, such as mail.send. Default: all that its scopes allow.',
)
const key = argument('KEY', 'Its id, key_….')

const create: Command = {
  path: ['keys', 'create'],
  summary: 'Make an API key',
  description:
    'The key is shown once and cannot be shown again. It reaches at most as far as the key you use: scopes, networks, senders, end.',
  operations: ['apiKeys.create'],
  flags: [name, scopes, door, doorScopes, allowedCidrs, allowedSenders, expiresAt, onLeak],
  examples: [
    { line: 'bulkhead keys create --name shop --scope messages:send', says: 'a key that can only send' },
    {
      line: 'bulkhead keys create --name audit --scope messages:read --expires-at 30d --json',
      says: 'for a month',
    },
    {
      line: 'bulkhead keys create --name shop --scope messages:send --allow-cidr 192.0.2.0/24 --allow-sender @shop.example',
      says: 'from the network of the shop, as addresses of one domain',
    },
    {
      line: 'bulkhead keys create --door sendgrid --json',
      says: 'for a program that uses the official SDK of that vendor',
    },
  ],
  async run(context, given) {
    const asked = given.flag(scopes)
    const created = await context.client().apiKeys.create({
      name: nameOf(given.flag(name), given.flag(door)),
      scopes: asked.length === 0 ? undefined : asked,
      allowedCidrs: listed(given.flag(allowedCidrs)),
      allowedSenders: listed(given.flag(allowedSenders)),
      expiresAt: given.flag(expiresAt),
      onLeak: given.flag(onLeak),
      door: given.flag(door),
      doorScopes: listed(given.flag(doorScopes)),
    })
    showMade(context, created)
  },
}

function nameOf(typed: string | undefined, of: string | undefined): string {
  const found = typed ?? of
  if (found === undefined) throw new UsageError('--name is missing: what the key is for.')
  return found
}

function showMade(context: Context, made: ApiKeyWithSecret): void {
  context.out.show(
    made,
    (screen) =>
      facts(
        [
          ['Key', made.key],
          ['Id', made.id],
          ...(made.door === null ? [] : [['Door', made.door] as const]),
          ['Scopes', made.scopes.join(', ')],
          ...boundFacts(made, screen.now),
        ],
        screen,
      ) + screen.paint.yellow('Keep the key now: it is not shown again.\n'),
  )
}

const rotate: Command = {
  path: ['keys', 'rotate'],
  summary: 'Make a new key in the place of one',
  description:
    'The new key has the same scopes, networks, senders and expiry; the old one ends after the overlap. The new one is shown once.',
  operations: ['apiKeys.rotate'],
  arguments: [key],
  flags: [overlap],
  examples: [
    { line: 'bulkhead keys rotate key_01jq…', says: 'both work for a day' },
    { line: 'bulkhead keys rotate key_01jq… --overlap-hours 0', says: 'the old one ends now' },
  ],
  async run(context, given) {
    showMade(
      context,
      await context.client().apiKeys.rotate(given.argument(key), { overlapHours: given.flag(overlap) }),
    )
  },
}

const LEAKED_MAX = 1_000

const reportLeak: Command = {
  path: ['keys', 'report-leak'],
  summary: 'Report a key that others can read',
  description:
    'The key is read from standard input, so that it stays out of the history of the shell. Whoever has it may report it. A key that can do more than send is revoked at once.',
  operations: ['apiKeys.reportLeak'],
  examples: [
    { line: 'bulkhead keys report-leak < leaked.txt', says: 'the file holds the key and nothing else' },
  ],
  async run(context) {
    if (context.input.isTerminal)
      throw new UsageError('Pipe the key in: bulkhead keys report-leak < leaked.txt')
    const leaked = (await context.input.read(LEAKED_MAX)).toString('utf8').trim()
    const { outcome } = await context.stranger().apiKeys.reportLeak({ key: leaked })
    context.out.show({ outcome }, () => `${LEAK_OUTCOMES[outcome]}\n`)
    return outcome === 'unknown' ? 1 : 0
  },
}

const LEAK_OUTCOMES = {
  revoked: 'Revoked. The owners of its workspace are told.',
  tightened:
    'Tightened: for 72 hours it works from where it worked before, then it ends. The owners of its workspace are told.',
  already: 'Nothing to do: it has ended, or was reported before.',
  unknown: 'This is no key of this installation.',
} as const

const ofDoor = choice('door', CHOICES['apiKeys.list'].door, 'Only keys for programs written for this vendor.')
const live = toggle('live', 'Only keys that can be used.')

const list: Command = {
  path: ['keys', 'list'],
  summary: 'List API keys, newest first',
  description: 'Revoked keys stay in the list. Secrets are never shown. --json has all scopes.',
  operations: ['apiKeys.list'],
  flags: [ofDoor, live, ...listFlags],
  examples: [
    { line: 'bulkhead keys list', says: 'which keys exist, what each may do, when it was last used' },
  ],
  run: (context, given) => {
    const client = context.client()
    return showList(
      context,
      given,
      (page) =>
        client.apiKeys.list({
          door: given.flag(ofDoor),
          live: given.flag(live) ? 'true' : undefined,
          ...page,
        }),
      (items, screen) =>
        table(
          [
            { title: 'NAME', of: (row) => row.name },
            { title: 'STARTS WITH', of: (row) => row.prefix },
            {
              title: 'STATE',
              of: (row) => stateOf(row, screen.now),
              paint: (cell, row) =>
                stateOf(row, screen.now) === 'active' ? screen.paint.green(cell) : screen.paint.dim(cell),
            },
            { title: 'LAST USED', of: (row) => lastUse(row, screen.now) },
            { title: 'SCOPES', of: (row) => scopesOf(row.scopes) },
            { title: 'ID', of: (row) => row.id, whole: true },
          ],
          items,
          screen,
        ),
      'No keys. Make one with: bulkhead keys create --name NAME.',
    )
  },
}

/** A first key has all twenty: the list would be wider than any screen. `--json` has them all. */
const SCOPES_SHOWN = 3

function scopesOf(all: readonly string[]): string {
  const shown = all.slice(0, SCOPES_SHOWN).join(' ')
  return all.length > SCOPES_SHOWN ? `${shown} and ${all.length - SCOPES_SHOWN} more` : shown
}

const revoke: Command = {
  path: ['keys', 'revoke'],
  summary: 'Revoke an API key',
  description: 'It stops working within a second, also when it is the key you use.',
  operations: ['apiKeys.revoke'],
  arguments: [key],
  examples: [{ line: 'bulkhead keys revoke key_01jq…', says: 'the id is in bulkhead keys list' }],
  async run(context, given) {
    await context.client().apiKeys.revoke(given.argument(key))
    context.out.show({ revoked: given.argument(key) }, () => `Revoked ${given.argument(key)}.\n`)
  },
}

export const keyCommands: readonly Command[] = [
  create,
  list,
  ...keyChangeCommands,
  rotate,
  revoke,
  reportLeak,
  ...doorCommands,
]
