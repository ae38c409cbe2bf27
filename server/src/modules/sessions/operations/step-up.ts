import { z } from 'zod'
import { defineEmptyOperation, defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { AssertionResponse } from '../../../security/factors/index.ts'
import { PasskeyOptions, shownFactor } from '../session-views.ts'
import type { Sessions } from '../sessions-service.ts'
import { shownIn } from '../sign-in-answer.ts'

export const stepUp = defineEmptyOperation({
  id: 'sessions.stepUp',
  method: 'POST',
  path: '/v1/session/step-up',
  summary: 'Show your second factor again',
  description:
    'Some operations take a session whose second factor was shown lately: they answer step_up_required and how lately. docs/log-in.md lists them.',
  scope: 'account',
  risk: 'safety',
  audit: 'session.strengthened',
  faults: ['invalid_request', 'step_up_required', 'too_many_requests', 'unavailable'],
  bodyBytesMax: 65_536,
  input: z.strictObject({ ...shownFactor, passkey: AssertionResponse.optional() }),
  handle: (context: OperationContext<{ sessions: Sessions }>, input) =>
    context.services.sessions.stepUp(context.principal, shownIn(input)),
})

export const stepUpOptions = defineOperation({
  id: 'sessions.stepUpOptions',
  method: 'POST',
  path: '/v1/session/step-up/options',
  summary: 'Ask for what a browser needs to show a passkey again',
  scope: 'account',
  risk: 'safety',
  audit: 'session.strengthened',
  faults: ['unavailable'],
  status: 200,
  input: z.strictObject({}),
  output: PasskeyOptions,
  handle: (context: OperationContext<{ sessions: Sessions }>) =>
    context.services.sessions.stepUpOptions(context.principal),
})
