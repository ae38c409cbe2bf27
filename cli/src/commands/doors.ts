import { CHOICES } from '@bulkhead/sdk'
import { argument, choice, text, type Command } from '../command.ts'
import { UsageError } from '../failure.ts'
import { relative } from '../instants.ts'
import { table } from '../table.ts'

const DOORS = CHOICES['doorNetworks.list'].door
type Door = (typeof DOORS)[number]

const door = argument('DOOR', `The vendor: ${DOORS.join(', ')}.`)
const network = argument('NETWORK', 'Such as 192.0.2.0/24, or an address.')
const number = argument('NUMBER', 'As bulkhead doors networks shows it.')

function doorOf(words: string): Door {
  const found = DOORS.find((name) => name === words)
  if (found === undefined) throw new UsageError(`${words} is no door: write one of ${DOORS.join(', ')}.`)
  return found
}

const networks: Command = {
  path: ['doors', 'networks'],
  summary: 'List the networks from which the keys of a door work',
  operations: ['doorNetworks.list'],
  arguments: [door],
  examples: [{ line: 'bulkhead doors networks sendgrid', says: 'none: they work from everywhere' }],
  async run(context, given) {
    const { data } = await context.client().doorNetworks.list(doorOf(given.argument(door)))
    context.out.show(data, (screen) =>
      data.length === 0
        ? 'None: keys of this door work from everywhere that each of them allows.\n'
        : table(
            [
              { title: 'NUMBER', of: (row) => String(row.number) },
              { title: 'NETWORK', of: (row) => row.cidr },
              { title: 'ADDED', of: (row) => relative(row.createdAt, screen.now) },
              { title: 'BY', of: (row) => row.createdBy },
            ],
            data,
            screen,
          ),
    )
  },
}

const allow: Command = {
  path: ['doors', 'allow'],
  summary: 'Let the keys of a door work from a network, and from none that is not listed',
  operations: ['doorNetworks.add'],
  arguments: [door, network],
  examples: [
    { line: 'bulkhead doors allow sendgrid 192.0.2.0/24', says: 'from everywhere else they are refused' },
  ],
  async run(context, given) {
    const added = await context
      .client()
      .doorNetworks.add(doorOf(given.argument(door)), { cidrs: [given.argument(network)] })
    context.out.show(added.data, () => 'Keys of this door work from the listed networks only.\n')
  },
}

const disallow: Command = {
  path: ['doors', 'disallow'],
  summary: 'Take a network away from the keys of a door',
  operations: ['doorNetworks.remove'],
  arguments: [door, number],
  examples: [{ line: 'bulkhead doors disallow sendgrid 1', says: 'with the last one the bound is gone' }],
  async run(context, given) {
    const words = given.argument(number)
    if (!/^[1-9]\d{0,8}$/.test(words)) throw new UsageError(`${words} is no number of a network.`)
    await context.client().doorNetworks.remove(doorOf(given.argument(door)), Number(words))
    context.out.show({ removed: words }, () => 'Removed.\n')
  },
}

const only = choice('door', DOORS, 'Only keys of this door.')
const limit = text('limit', 'N', 'How many, 1 to 500.')

const uses: Command = {
  path: ['keys', 'uses'],
  summary: 'List the networks from which keys were used or refused, the last first',
  operations: ['apiKeys.uses'],
  flags: [only, limit],
  examples: [{ line: 'bulkhead keys uses --door sendgrid', says: 'who uses the keys of that door' }],
  async run(context, given) {
    const words = given.flag(limit)
    const { data } = await context
      .client()
      .apiKeys.uses({ door: given.flag(only), limit: words === undefined ? undefined : Number(words) })
    context.out.show(data, (screen) =>
      table(
        [
          { title: 'NETWORK', of: (row) => row.network },
          { title: 'OUTCOME', of: (row) => (row.allowed ? 'used' : 'refused') },
          { title: 'PROGRAM', of: (row) => row.program ?? '-' },
          { title: 'LAST', of: (row) => relative(row.lastAt, screen.now) },
          { title: 'KEY', of: (row) => row.apiKeyId, whole: true },
        ],
        data,
        screen,
      ),
    )
  },
}

/** Commands about what binds all keys of a door. */
export const doorCommands: readonly Command[] = [uses, networks, allow, disallow]
