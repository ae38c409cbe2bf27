import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { LogIn } from '../log-in-service.ts'
import { Challenge, LogInAnswer, Transport } from '../session-views.ts'
import { answerOf } from '../sign-in-answer.ts'

export const confirmEmailCode = defineOperation({
  id: 'logIn.confirmEmailCode',
  method: 'POST',
  path: '/v1/log-in/email-code',
  summary: 'Show the code that was mailed during a log-in',
  description:
    'A code is mailed where the address was probed by somebody and the device is unknown, and before the first second factor is added from an unknown device. Five tries.',
  scope: 'public',
  risk: 'safety',
  audit: 'session.created',
  faults: ['invalid_request', 'unauthenticated', 'too_many_requests', 'unavailable'],
  bodyBytesMax: 16_384,
  status: 200,
  input: z.strictObject({
    challenge: Challenge,
    code: z
      .string()
      .max(20)
      .transform((text) => text.replaceAll(/[\s-]/g, ''))
      .describe('Eight digits; blanks do not count.'),
    transport: Transport,
  }),
  output: LogInAnswer,
  handle: async (context: OperationContext<{ logIn: LogIn }>, { challenge, code, transport }) => {
    const step = await context.services.logIn.withEmailCode(challenge, code, context.client)
    return answerOf(context, step, transport)
  },
})
