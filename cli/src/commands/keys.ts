import { CHOICES } from '@bulkhead/sdk'
import { argument, choicesOf, instant, requiredText, type Command } from '../command.ts'
import { relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { facts, table } from '../table.ts'

const name = requiredText('name', 'NAME', 'What the key is for.')
const scopes = choicesOf(
  'scope',
  'SCOPE',
  CHOICES['apiKeys.create'].scopes,
  'What it may do. Default: all that your own key may.',
)
const expiresAt = instant('expires-at', 'future', 'When it stops working. Default: never.')
const key = argument('KEY', 'Its id, key_….')

const create: Command = {
  path: ['keys', 'create'],
  summary: 'Make an API key',
  description:
    'The key is shown once and cannot be shown again. Its scopes are at most those of the key you use.',
  operations: ['apiKeys.create'],
  flags: [name, scopes, expiresAt],
  examples: [
    { line: 'bulkhead keys create --name shop --scope messages:send', says: 'a key that can only send' },
    {
      line: 'bulkhead keys create --name audit --scope messages:read --expires-at 30d --json',
      says: 'for a month',
    },
  ],
  async run(context, given) {
    const asked = given.flag(scopes)
    const created = await context.client().apiKeys.create({
      name: given.flag(name),
      scopes: asked.length === 0 ? undefined : asked,
      expiresAt: given.flag(expiresAt),
    })
    context.out.show(
      created,
      (screen) =>
        facts(
          [
            ['Key', created.key],
            ['Id', created.id],
            ['Scopes', created.scopes.join(', ')],
            ['Expires', created.expiresAt === null ? 'never' : relative(created.expiresAt, screen.now)],
          ],
          screen,
        ) + screen.paint.yellow('Keep the key now: it is not shown again.\n'),
    )
  },
}

const list: Command = {
  path: ['keys', 'list'],
  summary: 'List API keys, newest first',
  description: 'Revoked keys stay in the list. Secrets are never shown. --json has all scopes.',
  operations: ['apiKeys.list'],
  flags: listFlags,
  examples: [
    { line: 'bulkhead keys list', says: 'which keys exist, what each may do, when it was last used' },
  ],
  run: (context, given) => {
    const client = context.client()
    return showList(
      context,
      given,
      (page) => client.apiKeys.list(page),
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
            { title: 'LAST USED', of: (row) => relative(row.lastUsedAt, screen.now) },
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

function stateOf(
  key_: {
    readonly revokedAt: string | null
    readonly expiresAt: string | null
    readonly killed: boolean
  },
  now: number,
): string {
  if (key_.revokedAt !== null) return 'revoked'
  if (key_.killed) return 'ended'
  return key_.expiresAt !== null && Date.parse(key_.expiresAt) <= now ? 'expired' : 'active'
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

export const keyCommands: readonly Command[] = [create, list, revoke]
