import { requiredText, toggle, type Command } from '../command.ts'
import { UsageError } from '../failure.ts'
import { relative } from '../instants.ts'
import { facts } from '../table.ts'
import { accountLinkCommands } from './account-links.ts'

const name = requiredText('name', 'NAME', 'What you want to be called.')
const sure = toggle('yes', 'You mean it: there is no way back.')

const show: Command = {
  path: ['account', 'show'],
  summary: 'Show your account: address, factors, workspaces, what is under way',
  operations: ['account.get'],
  examples: [{ line: 'bulkhead account show', says: 'what can I sign in with?' }],
  async run(context) {
    const own = await context.client().account.get()
    const { factors, emailChange, recovery } = own
    context.out.show(own, (screen) =>
      facts(
        [
          ['Address', own.email],
          ['Name', own.name ?? ''],
          ['Person', own.id],
          ['Password', own.hasPassword ? 'yes' : 'none'],
          [
            'Second factors',
            `${factors.passkeys} passkeys, ${factors.totp ? 'an app' : 'no app'}, ${factors.recoveryCodesLeft} recovery codes`,
          ],
          ['Session', `${own.session.level}, shown: ${own.session.factor}`],
          ['Workspaces', own.workspaces.map((each) => `${each.name} (${each.role})`).join(', ')],
          ...(emailChange === null
            ? []
            : [
                [
                  'New address',
                  emailChange.takesEffectAt === null
                    ? `${emailChange.email}, not proved yet`
                    : `${emailChange.email}, ${relative(emailChange.takesEffectAt, screen.now)}`,
                ] as const,
              ]),
          ...(recovery === null
            ? []
            : [
                [
                  'Recovery',
                  screen.paint.yellow(
                    `${recovery.id} runs. If it is not yours: bulkhead account stop-recovery.`,
                  ),
                ] as const,
              ]),
        ],
        screen,
      ),
    )
  },
}

const rename: Command = {
  path: ['account', 'rename'],
  summary: 'Change what you are called',
  operations: ['account.update'],
  flags: [name],
  examples: [{ line: 'bulkhead account rename --name Ann', says: 'for the others of your workspaces' }],
  async run(context, given) {
    const own = await context.client().account.update({ name: given.flag(name) })
    context.out.show(own, () => `You are called ${own.name ?? 'nothing'}.\n`)
  },
}

const remove: Command = {
  path: ['account', 'delete'],
  summary: 'Delete your account',
  description:
    'Ends your sessions and memberships and erases your address, name, password and second factors. Refused while you are the only owner of a workspace.',
  operations: ['account.delete'],
  flags: [sure],
  examples: [{ line: 'bulkhead account delete --yes', says: 'there is no way back' }],
  async run(context, given) {
    if (!given.flag(sure)) throw new UsageError('This cannot be undone: say --yes.')
    const client = context.client()
    await client.account.delete()
    context.keepSession(null)
    context.out.show({ deleted: true }, () => 'The account is deleted.\n')
  },
}

export const accountCommands: readonly Command[] = [show, rename, ...accountLinkCommands, remove]
