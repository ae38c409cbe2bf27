import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { PasskeyCreationOptions } from '../factor.ts'
import type { OwnFactors } from '../factors-service.ts'

export const beginPasskey = defineOperation({
  id: 'factors.beginPasskey',
  method: 'POST',
  path: '/v1/account/passkeys/options',
  summary: 'Begin to add a passkey',
  description:
    'Answers what a browser needs to make one. A session that has shown no second factor may add the first only; others must have shown theirs within five minutes.',
  scope: 'account:enrol',
  risk: 'credential',
  audit: 'second_factor.begun',
  faults: ['conflict', 'second_factor_required', 'step_up_required'],
  status: 200,
  input: z.strictObject({}),
  output: PasskeyCreationOptions,
  handle: (context: OperationContext<{ factors: OwnFactors }>) =>
    context.services.factors.passkeyOptions(context),
})
