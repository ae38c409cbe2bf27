import { setTimeout as pause } from 'node:timers/promises'
import { choice, requiredText, texts, toggle, type Command } from '../command.ts'
import { UsageError } from '../failure.ts'
import { relative } from '../instants.ts'
import { facts, type Screen } from '../table.ts'

const issuer = requiredText('issuer', 'URL', 'The issuer of the provider, https.')
const clientId = requiredText('client-id', 'TEXT', 'The id that the provider gave to Bulkhead.')
const keepSecret = toggle('keep-secret', 'Use the secret that is stored; it is asked for otherwise.')
const domains = texts('domain', 'DOMAIN', 'A domain of addresses that the provider may speak for; repeat it.')
const defaultRole = choice(
  'default-role',
  ['admin', 'developer', 'marketer', 'analyst', 'auditor'],
  'What newcomers become. Default: only who is invited comes in.',
)
const sure = toggle('yes', 'You mean it: sessions that the provider vouched for end.')

interface Connection {
  readonly issuer: string
  readonly clientId: string
  readonly domains: readonly string[]
  readonly defaultRole: string | null
  readonly redirectUri: string
  readonly testedAt: string | null
}

function connectionText(connection: Connection, screen: Screen): string {
  return (
    facts(
      [
        ['Issuer', connection.issuer],
        ['Client', connection.clientId],
        ['Domains', connection.domains.join(', ')],
        ['Newcomers', connection.defaultRole ?? 'only who is invited'],
        ['Redirect URI', connection.redirectUri],
        ['Tested', connection.testedAt === null ? 'no' : relative(connection.testedAt, screen.now)],
      ],
      screen,
    ) +
    (connection.testedAt === null
      ? screen.paint.yellow('Nobody signs in through it before a test: bulkhead sso test.\n')
      : '')
  )
}

const show: Command = {
  path: ['sso', 'show'],
  summary: 'Show the connected identity provider',
  operations: ['sso.getConnection'],
  examples: [{ line: 'bulkhead sso show', says: 'and what to register at the provider' }],
  async run(context) {
    const connection = await context.client().sso.getConnection()
    context.out.show(connection, (screen) => connectionText(connection, screen))
  },
}

const SECRET_MAX = 1_000

const connect: Command = {
  path: ['sso', 'connect'],
  summary: 'Connect an identity provider (OpenID Connect)',
  description:
    'By an owner. Asks for the client secret without showing it; through a pipe it reads one line. The domains must be yours: verified for sending, or by a TXT record that the error names.',
  operations: ['sso.connect'],
  flags: [issuer, clientId, domains, defaultRole, keepSecret],
  examples: [
    {
      line: 'bulkhead sso connect --issuer https://accounts.google.com --client-id 123.apps.googleusercontent.com --domain example.com',
      says: 'asks for the secret',
    },
  ],
  async run(context, given) {
    const wanted = given.flag(domains)
    if (wanted.length === 0) throw new UsageError('--domain is missing: say for whom the provider may speak.')
    const client = context.client()
    const secret = given.flag(keepSecret)
      ? undefined
      : (await context.ask('Client secret: ', { hidden: true })).trim()
    if (secret === '' || (secret?.length ?? 0) > SECRET_MAX)
      throw new UsageError('The client secret is missing, or is none. To use the stored one: --keep-secret.')
    const connection = await client.sso.connect({
      issuer: given.flag(issuer),
      clientId: given.flag(clientId),
      ...(secret === undefined ? {} : { clientSecret: secret }),
      domains: wanted,
      defaultRole: given.flag(defaultRole) ?? null,
    })
    context.out.show(connection, (screen) => connectionText(connection, screen))
  },
}

const disconnect: Command = {
  path: ['sso', 'disconnect'],
  summary: 'Disconnect the identity provider',
  description: 'By an owner. Sessions that it has vouched for end.',
  operations: ['sso.disconnect'],
  flags: [sure],
  examples: [{ line: 'bulkhead sso disconnect --yes', says: 'members sign in as people again' }],
  async run(context, given) {
    if (!given.flag(sure)) throw new UsageError('Sessions that the provider vouched for end: say --yes.')
    await context.client().sso.disconnect()
    context.out.show({ disconnected: true }, () => 'The provider is disconnected.\n')
  },
}

const POLL_MS = 2_000

const test: Command = {
  path: ['sso', 'test'],
  summary: 'Try the connected identity provider',
  description:
    'By an owner. Shows a link for a browser and waits until you have signed in at the provider, ten minutes at most. No session is made; the connection counts as tested.',
  operations: ['sso.test', 'sso.getConnection'],
  examples: [{ line: 'bulkhead sso test', says: 'sign in once in a browser' }],
  async run(context) {
    const { sso } = context.client()
    const { testedAt: before } = await sso.getConnection()
    const begun = await sso.test()
    const link = new URL('/account/sso-test', begun.url)
    // Behind the #, where no server and no log sees it.
    link.hash = new URLSearchParams({
      state: new URL(begun.url).searchParams.get('state') ?? '',
      verifier: begun.verifier,
    }).toString()
    context.out.note(`Open this in a browser and sign in at the provider:\n\n${link.href}\n`)
    while (context.now() < Date.parse(begun.expiresAt)) {
      await pause(POLL_MS, undefined, { signal: context.signal })
      const connection = await sso.getConnection()
      if (connection.testedAt !== null && connection.testedAt !== before) {
        context.out.show(connection, (screen) => connectionText(connection, screen))
        return
      }
    }
    throw new UsageError('Nobody has come back from the provider within ten minutes. The browser says why.')
  },
}

export const ssoCommands: readonly Command[] = [show, connect, test, disconnect]
