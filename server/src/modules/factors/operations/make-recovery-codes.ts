import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { RecoveryCodes } from '../factor.ts'
import type { OwnFactors } from '../factors-service.ts'

export const makeRecoveryCodes = defineOperation({
  id: 'factors.makeRecoveryCodes',
  method: 'POST',
  path: '/v1/account/recovery-codes',
  summary: 'Make ten new recovery codes',
  description: 'Those from before work no more. They are shown this once. You are told of it by mail.',
  scope: 'account',
  risk: 'credential',
  stepUpSeconds: 300,
  audit: 'second_factor.recovery_codes_made',
  faults: ['conflict'],
  status: 201,
  input: z.strictObject({}),
  output: RecoveryCodes,
  handle: (context: OperationContext<{ factors: OwnFactors }>) =>
    context.services.factors.makeRecoveryCodes(context),
})
