import { CHOICES, type ApiKey } from '@bulkhead/sdk'
import { argument, choicesOf, text, texts, type Command, type Context } from '../command.ts'
import { facts } from '../table.ts'
import { boundFacts, given as listed, lastUse, stateOf } from './key-bounds.ts'

const key = argument('KEY', 'Its id, key_….')
const name = text('name', 'NAME', 'What the key is for.')
const scopes = choicesOf(
  'scope',
  'SCOPE',
  CHOICES['apiKeys.update'].scopes,
  'Of a key of a door: all that it may do.',
)
const doorScopes = texts('door-scope', 'SCOPE', 'The same by the vendor’s own names, such as mail.send.')

function showKey(context: Context, found: ApiKey): void {
  context.out.show(found, (screen) =>
    facts(
      [
        ['Id', found.id],
        ['Name', found.name],
        ['Starts with', found.prefix],
        ['Door', found.door],
        ['State', stateOf(found, screen.now)],
        ['Scopes', found.scopes.join(' ')],
        ['Vendor’s scopes', found.doorScopes.length === 0 ? null : found.doorScopes.join(' ')],
        ['Last used', lastUse(found, screen.now)],
        ...boundFacts(found, screen.now),
      ],
      screen,
    ),
  )
}

const show: Command = {
  path: ['keys', 'show'],
  summary: 'Show an API key, without its secret',
  operations: ['apiKeys.get'],
  arguments: [key],
  examples: [{ line: 'bulkhead keys show key_01jq…', says: 'what it may do, and from where' }],
  async run(context, given) {
    showKey(context, await context.client().apiKeys.get(given.argument(key)))
  },
}

const update: Command = {
  path: ['keys', 'update'],
  summary: 'Change the name of an API key; of a key of a door its scopes too',
  operations: ['apiKeys.update'],
  arguments: [key],
  flags: [name, scopes, doorScopes],
  examples: [{ line: 'bulkhead keys update key_01jq… --name shop', says: 'another name' }],
  async run(context, given) {
    const asked = given.flag(scopes)
    showKey(
      context,
      await context.client().apiKeys.update(given.argument(key), {
        name: given.flag(name),
        scopes: asked.length === 0 ? undefined : asked,
        doorScopes: listed(given.flag(doorScopes)),
      }),
    )
  },
}

/** Commands about keys that there are. */
export const keyChangeCommands: readonly Command[] = [show, update]
