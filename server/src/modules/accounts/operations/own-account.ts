import { z } from 'zod'
import { defineEmptyOperation, defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Account, CheckYourMail, Email, Password, PersonName } from '../account-views.ts'
import type { Accounts } from '../accounts-service.ts'
import { personIn } from '../person-in.ts'

type Context = OperationContext<{ accounts: Accounts }>

export const getAccount = defineOperation({
  id: 'account.get',
  method: 'GET',
  path: '/v1/account',
  summary: 'Show who you are, what you can sign in with and your workspaces',
  scope: 'account:self',
  risk: 'read',
  audit: 'person.read',
  faults: ['unauthenticated', 'unavailable'],
  status: 200,
  input: z.strictObject({}),
  output: Account,
  handle: (context: Context) => context.services.accounts.own.show(personIn(context)),
})

export const updateAccount = defineOperation({
  id: 'account.update',
  method: 'PATCH',
  path: '/v1/account',
  summary: 'Change what you are called',
  scope: 'account',
  risk: 'write',
  audit: 'person.renamed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject({ name: PersonName.nullable() }),
  output: Account,
  handle: (context: Context, { name }) => context.services.accounts.own.rename(personIn(context), name),
})

export const deleteAccount = defineEmptyOperation({
  id: 'account.delete',
  method: 'DELETE',
  path: '/v1/account',
  summary: 'Delete your account',
  description:
    'Ends your sessions and memberships and erases your address, name, password and second factors. Refused while you are the only owner of a workspace.',
  scope: 'account',
  risk: 'credential',
  audit: 'person.deleted',
  faults: ['conflict', 'unavailable'],
  input: z.strictObject({}),
  handle: async (context: Context) => {
    await context.services.accounts.own.remove(personIn(context))
    context.setCookie('session', null, 0)
  },
})

export const setPassword = defineEmptyOperation({
  id: 'account.setPassword',
  method: 'POST',
  path: '/v1/account/password',
  summary: 'Change your password',
  description: 'Ends your other sessions and tells you by mail.',
  scope: 'account',
  risk: 'credential',
  audit: 'person.password_changed',
  faults: ['invalid_request', 'too_many_requests', 'unavailable'],
  bodyBytesMax: 16_384,
  input: z.strictObject({ password: Password }),
  handle: (context: Context, { password }) =>
    context.services.accounts.own.setPassword(personIn(context), password, context.client),
})

export const changeEmail = defineOperation({
  id: 'account.changeEmail',
  method: 'POST',
  path: '/v1/account/email',
  summary: 'Ask for another address to sign in with',
  description:
    'The new address gets a link, the old one a link that undoes it. The answer is the same whoever has the new address. A proved address signs in after 24 hours.',
  scope: 'account',
  risk: 'credential',
  audit: 'person.email_change_asked',
  faults: ['invalid_request', 'too_many_requests', 'unavailable'],
  status: 202,
  input: z.strictObject({ email: Email }),
  output: CheckYourMail,
  handle: (context: Context, { email }) =>
    context.services.accounts.asking.ask('email_change', email, context.client, personIn(context).personId),
})

export const undoOwnEmail = defineEmptyOperation({
  id: 'account.undoOwnEmail',
  method: 'DELETE',
  path: '/v1/account/email',
  summary: 'Undo a change of your address that is under way',
  description: 'Answers alike where there is none.',
  scope: 'account',
  risk: 'safety',
  audit: 'person.email_change_undone',
  faults: ['unavailable'],
  input: z.strictObject({}),
  handle: async (context: Context) => {
    await context.services.accounts.emailChange.undoOwnEmail(personIn(context).personId)
  },
})

export const cancelOwnRecovery = defineEmptyOperation({
  id: 'account.cancelOwnRecovery',
  method: 'DELETE',
  path: '/v1/account/recovery',
  summary: 'Stop a recovery of your account',
  description: 'Answers alike where there is none.',
  scope: 'account:enrol',
  risk: 'safety',
  audit: 'person.recovery_cancelled',
  faults: ['unavailable'],
  input: z.strictObject({}),
  handle: async (context: Context) => {
    await context.services.accounts.recoveries.cancelOwnRecovery(personIn(context).personId)
  },
})
