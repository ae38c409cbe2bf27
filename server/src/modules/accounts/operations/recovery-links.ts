import { z } from 'zod'
import { defineEmptyOperation, defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { SignedIn, signIn, Transport } from '../../sessions/index.ts'
import { Password, Recovery, Token } from '../account-views.ts'
import type { Accounts } from '../accounts-service.ts'

const bodyBytesMax = 16_384

export const confirmRecovery = defineOperation({
  id: 'account.confirmRecovery',
  method: 'POST',
  path: '/v1/recovery/confirm',
  summary: 'Begin the recovery of an account with a link',
  description:
    'Begins a wait of 72 hours, and tells the person and everybody who could approve. The answer says what each workspace must give.',
  scope: 'public',
  risk: 'safety',
  audit: 'person.recovery_started',
  faults: ['invalid_request', 'unavailable'],
  bodyBytesMax,
  status: 200,
  input: z.strictObject({ token: Token }),
  output: Recovery,
  handle: (context: OperationContext<{ accounts: Accounts }>, { token }) =>
    context.services.accounts.recoveries.confirmRecovery(token),
})

export const cancelRecovery = defineEmptyOperation({
  id: 'account.cancelRecovery',
  method: 'POST',
  path: '/v1/recovery/cancel',
  summary: 'Stop a recovery with the link that is in every letter about it',
  scope: 'public',
  risk: 'safety',
  audit: 'person.recovery_cancelled',
  faults: ['invalid_request', 'unavailable'],
  bodyBytesMax,
  input: z.strictObject({ token: Token }),
  handle: (context: OperationContext<{ accounts: Accounts }>, { token }) =>
    context.services.accounts.recoveries.cancelRecovery(token),
})

export const completeRecovery = defineOperation({
  id: 'account.completeRecovery',
  method: 'POST',
  path: '/v1/recovery/complete',
  summary: 'End a recovery: the lost factors go, and new ones can be added',
  description:
    'With the link that is mailed once 72 hours and all approvals are there. The password is needed where there is one. The session that is answered can add a second factor and nothing else.',
  scope: 'public',
  risk: 'safety',
  audit: 'person.recovered',
  faults: ['invalid_request', 'unauthenticated', 'too_many_requests', 'unavailable'],
  bodyBytesMax,
  status: 200,
  input: z.strictObject({ token: Token, password: Password.optional(), transport: Transport }),
  output: SignedIn,
  handle: async (context: OperationContext<{ accounts: Accounts }>, { transport, ...wanted }) =>
    signIn(
      context,
      await context.services.accounts.recoveries.completeRecovery({ ...wanted, client: context.client }),
      transport,
    ),
})
