import { argument, type Command, type Context } from '../command.ts'
import { relative } from '../instants.ts'
import { facts, table } from '../table.ts'

const factor = argument('FACTOR', 'The id of a factor, fac_…, from bulkhead factors list.')

const list: Command = {
  path: ['factors', 'list'],
  summary: 'List your second factors',
  operations: ['factors.list'],
  examples: [
    { line: 'bulkhead factors list', says: 'passkeys, the app, and how many recovery codes are left' },
  ],
  async run(context) {
    const own = await context.client().factors.list()
    const app = own.authenticatorApp === null ? [] : [{ ...own.authenticatorApp, name: 'authenticator app' }]
    context.out.show(
      own,
      (screen) =>
        table(
          [
            { title: 'ID', of: (row) => row.id, whole: true },
            { title: 'NAME', of: (row) => row.name },
            { title: 'ADDED', of: (row) => relative(row.createdAt, screen.now) },
            { title: 'LAST USED', of: (row) => relative(row.lastUsedAt, screen.now) },
          ],
          [...own.passkeys, ...app],
          screen,
        ) + `${own.recoveryCodesLeft} recovery codes left.\n`,
    )
  },
}

const addApp: Command = {
  path: ['factors', 'add-app'],
  summary: 'Add an authenticator app, in place of an older one',
  description:
    'Shows the secret once, for the app, and asks for the first code. With your first second factor the sessions from before it end, and a new one takes their place here.',
  operations: ['factors.beginTotp', 'factors.confirmTotp'],
  examples: [{ line: 'bulkhead factors add-app', says: 'asks for the code that the app shows' }],
  async run(context) {
    const client = context.client()
    const begun = await client.factors.beginTotp()
    // To the terminal alone: what the command answers may be kept in a file.
    const code = await context.ask(`Secret: ${begun.secret}\nLink:   ${begun.uri}\nCode that the app shows: `)
    const added = await client.factors.confirmTotp({ code })
    keep(context, added.session)
    context.out.show(
      { id: added.id },
      () => `Added ${added.id}. Make recovery codes now: bulkhead factors recovery-codes.\n`,
    )
  },
}

const recoveryCodes: Command = {
  path: ['factors', 'recovery-codes'],
  summary: 'Make ten new recovery codes',
  description: 'Each works once, in place of a factor that is lost. Those from before work no more.',
  operations: ['factors.makeRecoveryCodes'],
  examples: [
    { line: 'bulkhead factors recovery-codes', says: 'shown once: keep them where the phone is not' },
  ],
  async run(context) {
    const made = await context.client().factors.makeRecoveryCodes()
    context.out.show(
      made,
      (screen) =>
        facts(
          made.recoveryCodes.map((code, at): [string, string] => [String(at + 1), code]),
          screen,
        ) + screen.paint.yellow('Keep them now: they are not shown again.\n'),
    )
  },
}

const remove: Command = {
  path: ['factors', 'remove'],
  summary: 'Remove a passkey or the authenticator app',
  description: 'Your other sessions end. The last factor stays while a workspace of yours demands one.',
  operations: ['factors.remove'],
  arguments: [factor],
  examples: [{ line: 'bulkhead factors remove fac_…', says: 'of a device that is lost' }],
  async run(context, given) {
    const id = given.argument(factor)
    await context.client().factors.remove(id)
    context.out.show({ removed: id }, () => `Removed ${id}.\n`)
  },
}

function keep(
  context: Context,
  session: { readonly token: string | null; readonly expiresAt: string } | null,
): void {
  if (session?.token !== null && session !== null)
    context.keepSession({ token: session.token, expiresAt: session.expiresAt })
}

/** Passkeys are added in the console: a terminal has no authenticator. */
export const factorCommands: readonly Command[] = [list, addApp, recoveryCodes, remove]
