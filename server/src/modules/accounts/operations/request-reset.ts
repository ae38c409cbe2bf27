import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { CheckYourMail, Email } from '../account-views.ts'
import type { Accounts } from '../accounts-service.ts'

export const requestReset = defineOperation({
  id: 'account.requestReset',
  method: 'POST',
  path: '/v1/password-reset',
  summary: 'Ask for a link that sets a new password',
  description:
    'The answer is the same whoever has the address. A reset drops no second factor and signs nobody in.',
  scope: 'public',
  risk: 'safety',
  audit: 'person.reset_asked',
  faults: ['invalid_request', 'too_many_requests', 'unavailable'],
  bodyBytesMax: 16_384,
  status: 202,
  input: z.strictObject({ email: Email }),
  output: CheckYourMail,
  handle: (context: OperationContext<{ accounts: Accounts }>, { email }) =>
    context.services.accounts.asking.ask('reset', email, context.client),
})
