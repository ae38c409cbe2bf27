import { z } from 'zod'
import { defineEmptyOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Password, Token } from '../account-views.ts'
import type { Accounts } from '../accounts-service.ts'

export const completeReset = defineEmptyOperation({
  id: 'account.completeReset',
  method: 'POST',
  path: '/v1/password-reset/complete',
  summary: 'Set a new password with a link',
  description:
    'Ends every session of the account and makes none; second factors stay and are still needed. The owner is told.',
  scope: 'public',
  risk: 'safety',
  audit: 'person.password_reset',
  faults: ['invalid_request', 'too_many_requests', 'unavailable'],
  bodyBytesMax: 16_384,
  input: z.strictObject({ token: Token, password: Password }),
  handle: (context: OperationContext<{ accounts: Accounts }>, { token, password }) =>
    context.services.accounts.own.completeReset(token, password, context.client),
})
