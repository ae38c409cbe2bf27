import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { AssertionResponse } from '../../../security/factors/index.ts'
import type { LogIn } from '../log-in-service.ts'
import { SignedIn, Transport } from '../session-views.ts'
import { signIn } from '../sign-in-answer.ts'

export const logInWithPasskey = defineOperation({
  id: 'logIn.withPasskey',
  method: 'POST',
  path: '/v1/log-in/passkey',
  summary: 'Log in with a passkey alone',
  description: 'The passkey says who it is and has asked for a PIN or a finger: two factors in one.',
  scope: 'public',
  risk: 'safety',
  audit: 'session.created',
  faults: ['invalid_request', 'unauthenticated', 'too_many_requests', 'unavailable'],
  bodyBytesMax: 65_536,
  status: 200,
  input: z.strictObject({ passkey: AssertionResponse, transport: Transport }),
  output: SignedIn,
  handle: async (context: OperationContext<{ logIn: LogIn }>, { passkey, transport }) =>
    signIn(context, await context.services.logIn.withPasskey(passkey, context.client), transport),
})
