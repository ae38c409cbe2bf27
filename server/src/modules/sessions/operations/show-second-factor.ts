import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { AssertionResponse } from '../../../security/factors/index.ts'
import type { LogIn } from '../log-in-service.ts'
import { Challenge, shownFactor, SignedIn, Transport } from '../session-views.ts'
import { shownIn, signIn } from '../sign-in-answer.ts'

export const showSecondFactor = defineOperation({
  id: 'logIn.showSecondFactor',
  method: 'POST',
  path: '/v1/log-in/second-factor',
  summary: 'Finish a log-in with a second factor',
  description:
    'Five tries for each challenge. Guesses of codes are counted over all challenges of the person too; a passkey works in any case.',
  scope: 'public',
  risk: 'safety',
  audit: 'session.created',
  faults: [
    'invalid_request',
    'unauthenticated',
    'second_factor_required',
    'too_many_requests',
    'unavailable',
  ],
  bodyBytesMax: 65_536,
  status: 200,
  input: z.strictObject({
    challenge: Challenge,
    ...shownFactor,
    passkey: AssertionResponse.optional(),
    transport: Transport,
  }),
  output: SignedIn,
  handle: async (context: OperationContext<{ logIn: LogIn }>, input) => {
    const session = await context.services.logIn.withFactor(input.challenge, shownIn(input), context.client)
    return signIn(context, session, input.transport)
  },
})
