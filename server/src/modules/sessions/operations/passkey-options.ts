import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { LogIn } from '../log-in-service.ts'
import { Challenge, PasskeyOptions } from '../session-views.ts'

export const logInPasskeyOptions = defineOperation({
  id: 'logIn.passkeyOptions',
  method: 'POST',
  path: '/v1/log-in/passkey/options',
  summary: 'Ask for what a browser needs to show a passkey',
  description:
    'With a challenge the passkeys of its person are listed. Without one the browser offers what it has: a log-in without address and password.',
  scope: 'public',
  risk: 'safety',
  audit: 'session.created',
  faults: ['invalid_request', 'unauthenticated', 'too_many_requests', 'unavailable'],
  bodyBytesMax: 16_384,
  status: 200,
  input: z.strictObject({ challenge: Challenge.optional() }),
  output: PasskeyOptions,
  handle: (context: OperationContext<{ logIn: LogIn }>, { challenge }) =>
    context.services.logIn.passkeyOptions(challenge ?? null, context.client),
})
