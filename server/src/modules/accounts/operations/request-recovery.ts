import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { CheckYourMail, Email } from '../account-views.ts'
import type { Accounts } from '../accounts-service.ts'

export const requestRecovery = defineOperation({
  id: 'account.requestRecovery',
  method: 'POST',
  path: '/v1/recovery',
  summary: 'Ask for a recovery after all second factors are lost',
  description:
    'The answer is the same whoever has the address. The link in the letter begins a wait of 72 hours; see docs/accounts.md.',
  scope: 'public',
  risk: 'safety',
  audit: 'person.recovery_asked',
  faults: ['invalid_request', 'too_many_requests', 'unavailable'],
  bodyBytesMax: 16_384,
  status: 202,
  input: z.strictObject({ email: Email }),
  output: CheckYourMail,
  handle: (context: OperationContext<{ accounts: Accounts }>, { email }) =>
    context.services.accounts.asking.ask('recovery', email, context.client),
})
