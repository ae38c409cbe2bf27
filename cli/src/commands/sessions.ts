import { argument, choice, text, type Command, type Context } from '../command.ts'
import { UsageError } from '../failure.ts'
import { relative } from '../instants.ts'
import { factorOf } from '../step-up.ts'
import { facts, table } from '../table.ts'

const email = text('email', 'ADDRESS', 'Your address. Default: it is asked for.')
const ATTEMPTS_MAX = 5

interface Signed {
  readonly level: string
  readonly expiresAt: string
  readonly token: string | null
}

const login: Command = {
  path: ['login'],
  summary: 'Log in as a person',
  description:
    'Asks for address, password and second factor, without showing what is typed; through a pipe it reads one line for each. The session is kept for this server in ~/.config/bulkhead/sessions.json, readable by you alone, and used where no key is given. Passkeys are for browsers: use an app or a recovery code here.',
  operations: ['logIn.withPassword', 'logIn.confirmEmailCode', 'logIn.showSecondFactor'],
  flags: [email],
  examples: [{ line: 'bulkhead login --email ann@example.com', says: 'asks for the rest' }],
  async run(context, given) {
    const client = context.stranger()
    const address = given.flag(email) ?? (await context.ask('Address: '))
    const password = await context.ask('Password: ', { hidden: true })
    const step = await client.logIn.withPassword({ email: address, password, transport: 'token' })
    const session = step.session ?? (await finish(context, step))
    if (session.token === null) throw new UsageError('The server answered no session.')
    context.keepSession({ token: session.token, expiresAt: session.expiresAt })
    context.out.show({ level: session.level, expiresAt: session.expiresAt }, (screen) =>
      session.level === 'enrolment'
        ? `Logged in for an hour, to add a second factor and nothing else: ${context.consoleUrl()}\n`
        : `Logged in; the session ends ${relative(session.expiresAt, screen.now)}.\n`,
    )
  },
}

async function finish(
  context: Context,
  first: { readonly next: string; readonly challenge: string | null; readonly factors: readonly string[] },
): Promise<Signed> {
  const client = context.stranger()
  let step = first
  for (let attempt = 1; attempt <= ATTEMPTS_MAX && step.challenge !== null; attempt++) {
    const { challenge } = step
    if (step.next === 'email_code') {
      const code = await context.ask('Code that was mailed to you: ')
      const after = await client.logIn.confirmEmailCode({ challenge, code, transport: 'token' })
      if (after.session !== null) return after.session
      step = after
      continue
    }
    if (step.factors.every((factor) => factor === 'passkey'))
      throw new UsageError('You have passkeys only, which need a browser. Add an app there to log in here.')
    const typed = await context.ask('Code of the app, or a recovery code: ', { hidden: true })
    return client.logIn.showSecondFactor({ challenge, ...factorOf(typed), transport: 'token' })
  }
  throw new UsageError('The log-in came to no end. Begin again.')
}

const logout: Command = {
  path: ['logout'],
  summary: 'End the session of bulkhead login',
  operations: ['sessions.logOut'],
  examples: [{ line: 'bulkhead logout', says: 'the session is dead, and forgotten here' }],
  async run(context) {
    if (!context.hasSession()) throw new UsageError('Nobody is logged in here. Log in with: bulkhead login.')
    // Forgotten here first: what fails later leaves no token behind.
    const client = context.client()
    context.keepSession(null)
    await client.sessions.logOut()
    context.out.show({ ended: true }, () => 'Logged out.\n')
  },
}

const whoami: Command = {
  path: ['whoami'],
  summary: 'Show who is logged in, and where',
  operations: ['account.get'],
  examples: [{ line: 'bulkhead whoami', says: 'your account and your workspaces' }],
  async run(context) {
    const account = await context.client().account.get()
    context.out.show(account, (screen) =>
      [
        facts(
          [
            ['Address', account.email],
            ['Person', account.id],
          ],
          screen,
        ),
        table(
          [
            { title: 'WORKSPACE', of: (row) => row.id, whole: true },
            { title: 'NAME', of: (row) => row.name },
            { title: 'ROLE', of: (row) => row.role },
          ],
          account.workspaces,
          screen,
        ),
      ].join('\n'),
    )
  },
}

const list: Command = {
  path: ['sessions', 'list'],
  summary: 'List your own sessions',
  operations: ['sessions.list'],
  examples: [{ line: 'bulkhead sessions list', says: 'where you are logged in' }],
  async run(context) {
    const sessions = await context.client().sessions.list()
    context.out.show(sessions, (screen) =>
      table(
        [
          { title: 'ID', of: (row) => row.id, whole: true },
          { title: 'DEVICE', of: (row) => `${row.device}${row.current ? ' (this one)' : ''}` },
          { title: 'NETWORK', of: (row) => row.network },
          { title: 'FACTOR', of: (row) => row.factor },
          { title: 'SEEN', of: (row) => relative(row.lastSeenAt, screen.now) },
          { title: 'ENDS', of: (row) => relative(row.expiresAt, screen.now) },
        ],
        sessions.data,
        screen,
      ),
    )
  },
}

const sessionId = argument('SESSION', 'The id of a session, ses_…, from bulkhead sessions list.')

const end: Command = {
  path: ['sessions', 'end'],
  summary: 'End one of your sessions',
  operations: ['sessions.end'],
  arguments: [sessionId],
  examples: [{ line: 'bulkhead sessions end ses_…', says: 'dead within a second' }],
  async run(context, given) {
    const id = given.argument(sessionId)
    await context.client().sessions.end(id)
    context.out.show({ ended: id }, () => `Ended ${id}.\n`)
  },
}

const which = choice('which', ['others', 'all'], 'All but this one, which is the default, or this one too.')

const endAll: Command = {
  path: ['sessions', 'end-all'],
  summary: 'End all your sessions, or all but this one',
  operations: ['sessions.endAll'],
  flags: [which],
  examples: [
    { line: 'bulkhead sessions end-all', says: 'logged in here only' },
    { line: 'bulkhead sessions end-all --which all', says: 'logged in nowhere' },
  ],
  async run(context, given) {
    const { ended } = await context.client().sessions.endAll({ which: given.flag(which) ?? 'others' })
    context.out.show({ ended }, () => `Ended ${ended}.\n`)
  },
}

const stepUp: Command = {
  path: ['sessions', 'step-up'],
  summary: 'Show your second factor again',
  description:
    'For five minutes the session may do what needs a fresh second factor. Commands on a terminal ask by themselves.',
  operations: ['sessions.stepUp'],
  examples: [{ line: 'bulkhead sessions step-up', says: 'asks for a code' }],
  async run(context) {
    const typed = await context.ask('Code of the app, or a recovery code: ', { hidden: true })
    await context.client().sessions.stepUp(factorOf(typed))
    context.out.show({ strong: true }, () => 'Done; it holds for five minutes.\n')
  },
}

export const sessionCommands: readonly Command[] = [login, logout, whoami, list, end, endAll, stepUp]
