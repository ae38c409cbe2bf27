import { CHOICES } from '@bulkhead/sdk'
import { argument, choicesOf, requiredText, texts, whole, type Command } from '../command.ts'
import { UsageError } from '../failure.ts'
import { relative } from '../instants.ts'
import { listFlags, showList } from '../listing.ts'
import { facts, table } from '../table.ts'
import { allowedCidrs, allowedSenders, given as listed } from './key-bounds.ts'

const name = requiredText('name', 'NAME', 'What the workload is.')
const issuer = requiredText('issuer', 'URL', 'The platform that vouches for it.')
const audience = requiredText('audience', 'TEXT', 'The audience that it asks its token for.')
const subject = requiredText(
  'subject',
  'PATTERN',
  'The workload; * stands for any characters but :, and at the end for any.',
)
const claims = texts('claim', 'NAME=VALUE', 'A further claim and the text that it must have.')
const scopes = choicesOf('scope', 'SCOPE', CHOICES['federationRules.create'].scopes, 'What its keys may do.')
const lifetime = whole('lifetime-seconds', 900, 'How long a key lives, 60 to 3600.')
const rule = argument('RULE', 'Its id, fdr_….')

const create: Command = {
  path: ['federation', 'create'],
  summary: 'Let a workload of another platform have keys',
  description:
    'A token of the issuer with this audience and subject is exchanged for a key that lives for minutes. Only people make rules: log in first.',
  operations: ['federationRules.create'],
  flags: [name, issuer, audience, subject, claims, scopes, lifetime, allowedCidrs, allowedSenders],
  examples: [
    {
      line: 'bulkhead federation create --name "shop CI" --issuer https://token.actions.githubusercontent.com --audience bulkhead --subject repo:example/shop:ref:refs/heads/main --scope messages:send',
      says: 'the main branch of a repository on GitHub',
    },
  ],
  async run(context, given) {
    const made = await context.client().federationRules.create({
      name: given.flag(name),
      issuer: given.flag(issuer),
      audience: given.flag(audience),
      subject: given.flag(subject),
      claims: claimsOf(given.flag(claims)),
      scopes: given.flag(scopes),
      lifetimeSeconds: given.flag(lifetime),
      allowedCidrs: listed(given.flag(allowedCidrs)),
      allowedSenders: listed(given.flag(allowedSenders)),
    })
    context.out.show(made, (screen) =>
      facts(
        [
          ['Rule', made.id],
          ['Issuer', made.issuer],
          ['Audience', made.audience],
          ['Subject', made.subject],
          ['Scopes', made.scopes.join(', ')],
          ['A key lives', `${made.lifetimeSeconds} s`],
        ],
        screen,
      ),
    )
  },
}

/** `a=b` as `{a: 'b'}`. Throws UsageError for what has no =. */
function claimsOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw new UsageError(`--claim takes NAME=VALUE, not ${pair}`)
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}

const list: Command = {
  path: ['federation', 'list'],
  summary: 'List federation rules, newest first',
  description: 'Revoked rules stay in the list.',
  operations: ['federationRules.list'],
  flags: listFlags,
  examples: [{ line: 'bulkhead federation list', says: 'which workload may have keys' }],
  run: (context, given) => {
    const client = context.client()
    return showList(
      context,
      given,
      (page) => client.federationRules.list(page),
      (items, screen) =>
        table(
          [
            { title: 'NAME', of: (row) => row.name },
            { title: 'ISSUER', of: (row) => row.issuer },
            { title: 'SUBJECT', of: (row) => row.subject },
            { title: 'STATE', of: (row) => (row.revokedAt === null ? 'active' : 'revoked') },
            { title: 'LAST USED', of: (row) => relative(row.lastUsedAt, screen.now) },
            { title: 'ID', of: (row) => row.id, whole: true },
          ],
          items,
          screen,
        ),
      'No federation rules. Make one with: bulkhead federation create.',
    )
  },
}

const revoke: Command = {
  path: ['federation', 'revoke'],
  summary: 'Revoke a federation rule',
  description: 'It gives no key any more. Keys that it gave live on for their hour at most.',
  operations: ['federationRules.revoke'],
  arguments: [rule],
  examples: [{ line: 'bulkhead federation revoke fdr_01jq…', says: 'the id is in bulkhead federation list' }],
  async run(context, given) {
    await context.client().federationRules.revoke(given.argument(rule))
    context.out.show({ revoked: given.argument(rule) }, () => `Revoked ${given.argument(rule)}.\n`)
  },
}

const TOKEN_MAX = 32_768

const exchange: Command = {
  path: ['federation', 'exchange'],
  summary: 'Exchange the token of a workload for a key',
  description:
    'The token is read from standard input. Without --json the key alone is printed, for a variable.',
  operations: ['federation.exchange'],
  arguments: [rule],
  examples: [
    {
      line: 'export BULKHEAD_CLI_KEY=$(bulkhead federation exchange fdr_01jq… < token.jwt)',
      says: 'in a job; the key ends by itself',
    },
  ],
  async run(context, given) {
    if (context.input.isTerminal)
      throw new UsageError('Pipe the token in: bulkhead federation exchange RULE < token.jwt')
    const token = (await context.input.read(TOKEN_MAX)).toString('utf8').trim()
    const made = await context.stranger().federation.exchange({ rule: given.argument(rule), token })
    context.out.show(made, () => `${made.key}\n`)
  },
}

export const federationCommands: readonly Command[] = [create, list, revoke, exchange]
