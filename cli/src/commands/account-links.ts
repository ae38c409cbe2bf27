import { optionalArgument, text, toggle, type Command, type Context } from '../command.ts'
import { UsageError } from '../failure.ts'
import { relative } from '../instants.ts'
import { recoveryText } from './recoveries.ts'

const address = optionalArgument('ADDRESS', 'Your address. It is asked for where it is missing.')
const haveLink = toggle('link', 'You have the letter: its link is asked for, and what else is needed.')
const name = text('name', 'NAME', 'What you want to be called.')
const workspace = text('workspace-name', 'NAME', 'Make a workspace of this name, whose owner you are.')

const MAILED = 'Look into your mail. The answer is the same whoever has that address.\n'

/** The token of a link that was pasted, whole or in part. */
async function askLink(context: Context): Promise<string> {
  const typed = (await context.ask('Link from the letter: ', { hidden: true })).trim()
  const token = typed.slice(typed.lastIndexOf('#') + 1)
  if (token === '') throw new UsageError('The link is missing: copy it whole from the letter.')
  return token
}

async function askAddress(context: Context, given: string | undefined): Promise<string> {
  return given ?? (await context.ask('Address: '))
}

/** A password that is typed twice; empty for none. */
async function askNewPassword(context: Context): Promise<string> {
  const typed = await context.ask('New password: ', { hidden: true })
  if (typed !== '' && typed !== (await context.ask('The same again: ', { hidden: true })))
    throw new UsageError('The two were not the same. Nothing was changed.')
  return typed
}

function keep(
  context: Context,
  session: { readonly token: string | null; readonly expiresAt: string; readonly level: string },
): void {
  if (session.token === null) throw new UsageError('The server answered no session.')
  context.keepSession({ token: session.token, expiresAt: session.expiresAt })
  context.out.show(
    { level: session.level, expiresAt: session.expiresAt },
    (screen) =>
      `Logged in (it ends ${relative(session.expiresAt, screen.now)}), to add a second factor and nothing else: bulkhead factors, or ${context.consoleUrl()}\n`,
  )
}

const signUp: Command = {
  path: ['sign-up'],
  summary: 'Sign up with an address',
  description:
    'Mails a link. With --link it goes on: it asks for the link and a password, makes the account and logs in, so that you can add a second factor. Leave the password empty to sign in with a passkey only.',
  operations: ['account.signUp', 'account.completeSignUp'],
  arguments: [address],
  flags: [haveLink, name, workspace],
  examples: [
    { line: 'bulkhead sign-up ann@example.com', says: 'mails a link' },
    { line: 'bulkhead sign-up --link --name Ann', says: 'goes on with it' },
  ],
  async run(context, given) {
    const { account } = context.stranger()
    if (!given.flag(haveLink)) {
      const asked = await account.signUp({ email: await askAddress(context, given.argument(address)) })
      context.out.show(asked, () => MAILED)
      return
    }
    const token = await askLink(context)
    const password = await askNewPassword(context)
    const called = given.flag(name)
    const workspaceName = given.flag(workspace)
    const session = await account.completeSignUp({
      token,
      transport: 'token',
      ...(password === '' ? {} : { password }),
      ...(called === undefined ? {} : { name: called }),
      ...(workspaceName === undefined ? {} : { workspaceName }),
    })
    keep(context, session)
  },
}

const haveFirstLink = toggle('link', 'You have the link: it is asked for, and what else is needed.')
const firstOwnerEmail = text('email', 'ADDRESS', 'The address with which you sign in.')
const firstOwnerWorkspace = text('workspace-name', 'NAME', 'What the workspace is called from now on.')

const firstRun: Command = {
  path: ['first-run'],
  summary: 'Become the first owner of a development installation',
  description:
    'Shows whether the installation waits for its first owner. With --link it goes on: it asks for the link that the start printed and for a password, makes the account and logs in, so that you can add a second factor. In a browser the link does the same, with a passkey.',
  operations: ['firstRun.get', 'firstRun.complete'],
  flags: [haveFirstLink, name, firstOwnerEmail, firstOwnerWorkspace],
  examples: [
    { line: 'bulkhead first-run', says: 'whether somebody is the owner already' },
    { line: 'bulkhead first-run --link --email ann@example.com --workspace-name Shop', says: 'becomes it' },
  ],
  async run(context, given) {
    const client = context.stranger()
    if (!given.flag(haveFirstLink)) {
      const found = await client.firstRun.get()
      context.out.show(found, (screen) =>
        found.workspace === null || found.expiresAt === null
          ? 'This installation waits for nobody. Sign in, or ask an owner for an invitation.\n'
          : `The workspace ${found.workspace} has no owner yet. The link that the start printed works until ${relative(found.expiresAt, screen.now)}.\n`,
      )
      return
    }
    const token = await askLink(context)
    const email = await askAddress(context, given.flag(firstOwnerEmail))
    const workspaceName = given.flag(firstOwnerWorkspace) ?? (await context.ask('Name of the workspace: '))
    const password = await askNewPassword(context)
    const called = given.flag(name)
    keep(
      context,
      await client.firstRun.complete({
        token,
        email,
        workspaceName,
        transport: 'token',
        ...(password === '' ? {} : { password }),
        ...(called === undefined ? {} : { name: called }),
      }),
    )
  },
}

const reset: Command = {
  path: ['account', 'reset-password'],
  summary: 'Set a new password with a link that is mailed',
  description: 'Ends every session of the account. Second factors stay, and nobody is logged in by it.',
  operations: ['account.requestReset', 'account.completeReset'],
  arguments: [address],
  flags: [haveLink],
  examples: [
    { line: 'bulkhead account reset-password ann@example.com', says: 'mails a link' },
    { line: 'bulkhead account reset-password --link', says: 'asks for it and for the new password' },
  ],
  async run(context, given) {
    const { account } = context.stranger()
    if (!given.flag(haveLink)) {
      const asked = await account.requestReset({ email: await askAddress(context, given.argument(address)) })
      context.out.show(asked, () => MAILED)
      return
    }
    const token = await askLink(context)
    await account.completeReset({ token, password: await askNewPassword(context) })
    context.out.show({ done: true }, () => 'The password is set. All sessions were ended: bulkhead login.\n')
  },
}

const recover: Command = {
  path: ['account', 'recover'],
  summary: 'Recover an account whose second factors are all lost',
  description: 'Mails a link. With --link the wait of 72 hours begins, and the answer says who must approve.',
  operations: ['account.requestRecovery', 'account.confirmRecovery'],
  arguments: [address],
  flags: [haveLink],
  examples: [
    { line: 'bulkhead account recover ann@example.com', says: 'mails a link' },
    { line: 'bulkhead account recover --link', says: 'begins the wait' },
  ],
  async run(context, given) {
    const { account } = context.stranger()
    if (!given.flag(haveLink)) {
      const asked = await account.requestRecovery({
        email: await askAddress(context, given.argument(address)),
      })
      context.out.show(asked, () => MAILED)
      return
    }
    const begun = await account.confirmRecovery({ token: await askLink(context) })
    context.out.show(begun, (screen) => recoveryText(begun, screen))
  },
}

const endRecovery: Command = {
  path: ['account', 'end-recovery'],
  summary: 'End a recovery with the link that is mailed once it is approved',
  description: 'The lost second factors go. You are logged in to add new ones and can do nothing else.',
  operations: ['account.completeRecovery'],
  examples: [{ line: 'bulkhead account end-recovery', says: 'asks for link and password' }],
  async run(context) {
    const token = await askLink(context)
    const password = await context.ask('Password (empty where you have none): ', { hidden: true })
    const session = await context
      .stranger()
      .account.completeRecovery({ token, transport: 'token', ...(password === '' ? {} : { password }) })
    keep(context, session)
  },
}

const stopRecovery: Command = {
  path: ['account', 'stop-recovery'],
  summary: 'Stop a recovery of your account',
  description: 'With the session of bulkhead login, or with --link by the link in any letter about it.',
  operations: ['account.cancelRecovery', 'account.cancelOwnRecovery'],
  flags: [haveLink],
  examples: [{ line: 'bulkhead account stop-recovery --link', says: 'needs no log-in' }],
  async run(context, given) {
    if (given.flag(haveLink))
      await context.stranger().account.cancelRecovery({ token: await askLink(context) })
    else await context.client().account.cancelOwnRecovery()
    context.out.show({ stopped: true }, () => 'No recovery of the account runs any more.\n')
  },
}

const changeEmail: Command = {
  path: ['account', 'change-email'],
  summary: 'Sign in with another address from now on',
  description:
    'The new address gets a link, the old one a link that undoes the change. With --link the new one is proved; it signs in 24 hours later.',
  operations: ['account.changeEmail', 'account.confirmEmail'],
  arguments: [address],
  flags: [haveLink],
  examples: [
    { line: 'bulkhead account change-email ann@new.example', says: 'mails two links' },
    { line: 'bulkhead account change-email --link', says: 'proves the new address' },
  ],
  async run(context, given) {
    if (given.flag(haveLink)) {
      const done = await context.stranger().account.confirmEmail({ token: await askLink(context) })
      context.out.show(done, (screen) => `It signs in ${relative(done.takesEffectAt, screen.now)}.\n`)
      return
    }
    const email = await askAddress(context, given.argument(address))
    context.out.show(await context.client().account.changeEmail({ email }), () => MAILED)
  },
}

const keepEmail: Command = {
  path: ['account', 'keep-email'],
  summary: 'Undo a change of your address',
  description:
    'With the session of bulkhead login, or with --link by the link in the letter to the old address; that also ends every session.',
  operations: ['account.undoEmail', 'account.undoOwnEmail'],
  flags: [haveLink],
  examples: [{ line: 'bulkhead account keep-email --link', says: 'needs no log-in' }],
  async run(context, given) {
    if (given.flag(haveLink)) await context.stranger().account.undoEmail({ token: await askLink(context) })
    else await context.client().account.undoOwnEmail()
    context.out.show({ undone: true }, () => 'The address stays as it is.\n')
  },
}

const setPassword: Command = {
  path: ['account', 'set-password'],
  summary: 'Change your password',
  description: 'Ends your other sessions, and tells you by mail.',
  operations: ['account.setPassword'],
  examples: [{ line: 'bulkhead account set-password', says: 'asks for it twice' }],
  async run(context) {
    await context.client().account.setPassword({ password: await askNewPassword(context) })
    context.out.show({ done: true }, () => 'The password is changed; your other sessions were ended.\n')
  },
}

export const accountLinkCommands: readonly Command[] = [
  firstRun,
  signUp,
  setPassword,
  reset,
  changeEmail,
  keepEmail,
  recover,
  endRecovery,
  stopRecovery,
]
