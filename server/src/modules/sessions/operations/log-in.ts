import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { LogIn } from '../log-in-service.ts'
import { LogInAnswer, Transport } from '../session-views.ts'
import { answerOf } from '../sign-in-answer.ts'

export const logInWithPassword = defineOperation({
  id: 'logIn.withPassword',
  method: 'POST',
  path: '/v1/log-in',
  summary: 'Begin a log-in with address and password',
  description:
    'Answers the same 401 for an address that nobody has, a wrong password, an account that is suspended or must set a new password, and a password that is known from a breach. A right password answers what comes next.',
  scope: 'public',
  risk: 'safety',
  audit: 'session.created',
  faults: ['invalid_request', 'unauthenticated', 'too_many_requests', 'unavailable'],
  bodyBytesMax: 16_384,
  status: 200,
  input: z.strictObject({
    email: z.string().min(1).max(320),
    password: z.string().min(1).max(2_048),
    transport: Transport,
  }),
  output: LogInAnswer,
  handle: async (context: OperationContext<{ logIn: LogIn }>, { email, password, transport }) => {
    const step = await context.services.logIn.withPassword({ email, password }, context.client)
    return answerOf(context, step, transport)
  },
})
