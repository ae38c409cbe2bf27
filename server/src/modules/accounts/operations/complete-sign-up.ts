import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { SignedIn, signIn, Transport } from '../../sessions/index.ts'
import { Password, PersonName, Token } from '../account-views.ts'
import type { Accounts } from '../accounts-service.ts'

export const completeSignUp = defineOperation({
  id: 'account.completeSignUp',
  method: 'POST',
  path: '/v1/sign-up/complete',
  summary: 'Make the account of an address that a link proves',
  description:
    'Takes the token of a letter about signing up, or of an invitation. The session that is answered can add a second factor and nothing else. Without a password the first factor must be a passkey. workspaceName makes a workspace of which this person is the owner, where the installation is open.',
  scope: 'public',
  risk: 'safety',
  audit: 'person.signed_up',
  faults: ['invalid_request', 'conflict', 'too_many_requests', 'unavailable'],
  bodyBytesMax: 16_384,
  status: 200,
  input: z.strictObject({
    token: Token,
    name: PersonName.optional().describe('What you want to be called.'),
    password: Password.optional(),
    workspaceName: z.string().trim().min(1).max(200).optional(),
    transport: Transport,
  }),
  output: SignedIn,
  handle: async (context: OperationContext<{ accounts: Accounts }>, { transport, ...wanted }) =>
    signIn(
      context,
      await context.services.accounts.signUp.completeSignUp({ ...wanted, client: context.client }),
      transport,
    ),
})
