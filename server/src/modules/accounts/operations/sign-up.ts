import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { CheckYourMail, Email } from '../account-views.ts'
import type { Accounts } from '../accounts-service.ts'

export const signUp = defineOperation({
  id: 'account.signUp',
  method: 'POST',
  path: '/v1/sign-up',
  summary: 'Sign up with an address',
  description:
    'The answer is the same whoever has the address. A link is mailed to it; where it has an account already, its owner is told.',
  scope: 'public',
  risk: 'safety',
  audit: 'person.sign_up_asked',
  faults: ['invalid_request', 'too_many_requests', 'unavailable'],
  bodyBytesMax: 16_384,
  status: 202,
  input: z.strictObject({ email: Email }),
  output: CheckYourMail,
  handle: (context: OperationContext<{ accounts: Accounts }>, { email }) =>
    context.services.accounts.asking.ask('sign_up', email, context.client),
})
