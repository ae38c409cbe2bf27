import type { Client } from '@bulkhead/sdk'
import { choice, requiredText, texts, toggle, type Command, type Context } from '../command.ts'
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

const test: Command = {
  path: ['sso', 'test'],
  summary: 'Try the connected identity provider',
  description:
    'Shows a link for a browser and asks for the address of the page where it ends. No session is made; the connection counts as tested.',
  operations: ['sso.test', 'sso.finish'],
  examples: [{ line: 'bulkhead sso test', says: 'sign in there, and paste the address of the last page' }],
  async run(context) {
    const done = await comeBack(context, await context.client().sso.test())
    context.out.show(
      { testedWith: done.testedWith },
      () =>
        `The provider says that you are ${done.testedWith ?? 'nobody'}. Members may sign in through it.\n`,
    )
  },
}

const email = requiredText('email', 'ADDRESS', 'Your address at the provider.')
const fresh = toggle('fresh', 'The provider shall ask again: for what needs a second factor shown lately.')

const login: Command = {
  path: ['sso', 'login'],
  summary: 'Log in through the identity provider of a workspace',
  description:
    'Shows a link for a browser and asks for the address of the page where it ends. The session opens that one workspace, and not your account.',
  operations: ['sso.start', 'sso.finish'],
  flags: [email, fresh],
  examples: [{ line: 'bulkhead sso login --email ann@example.com', says: 'the rest is in a browser' }],
  async run(context, given) {
    const wanted = { email: given.flag(email), fresh: given.flag(fresh) }
    const { session, workspaceId } = await comeBack(context, await context.stranger().sso.start(wanted))
    if (session === null || session.token === null) throw new UsageError('The server answered no session.')
    context.keepSession({ token: session.token, expiresAt: session.expiresAt })
    context.out.show(
      { workspaceId, expiresAt: session.expiresAt },
      (screen) =>
        `Logged in to ${workspaceId ?? ''}; the session ends ${relative(session.expiresAt, screen.now)}.\n`,
    )
  },
}

/** Goes through a browser: what it brings back is worth nothing without the verifier that this process keeps. */
async function comeBack(
  context: Context,
  begun: { readonly url: string; readonly verifier: string },
): Promise<Awaited<ReturnType<Client['sso']['finish']>>> {
  const typed = await context.ask(
    `Open this in a browser, within ten minutes, and sign in:\n${begun.url}\nAddress of the page where it ended: `,
  )
  const { code, state, from } = landed(typed)
  return context.stranger().sso.finish({
    code,
    state,
    ...(from === null ? {} : { issuer: from }),
    verifier: begun.verifier,
    transport: 'token',
  })
}

/** What the provider sent back, as it stands behind the # of the page. Throws UsageError. */
function landed(typed: string): { code: string; state: string; from: string | null } {
  const shown = new URLSearchParams(typed.trim().slice(typed.trim().search(/[#?]/) + 1))
  const [code, state, error] = [shown.get('code'), shown.get('state'), shown.get('error')]
  if (error !== null) throw new UsageError(`The provider refused: ${error}.`)
  if (code === null || state === null)
    throw new UsageError('That is not the address of the last page: it has code= and state= behind a #.')
  return { code, state, from: shown.get('iss') }
}

export const ssoCommands: readonly Command[] = [show, connect, test, login, disconnect]
