import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { RegistrationResponse } from '../../../security/factors/index.ts'
import { AddedFactor, FactorName } from '../factor.ts'
import type { OwnFactors } from '../factors-service.ts'

export const addPasskey = defineOperation({
  id: 'factors.addPasskey',
  method: 'POST',
  path: '/v1/account/passkeys',
  summary: 'Add a passkey',
  description: 'Takes what `navigator.credentials.create` answered. You are told of it by mail.',
  scope: 'account:enrol',
  risk: 'credential',
  audit: 'second_factor.added',
  faults: ['invalid_request', 'conflict', 'second_factor_required', 'step_up_required'],
  bodyBytesMax: 65_536,
  status: 201,
  input: z.strictObject({
    name: FactorName,
    response: RegistrationResponse.describe('The answer of the browser (RegistrationResponseJSON).'),
  }),
  output: AddedFactor,
  handle: (context: OperationContext<{ factors: OwnFactors }>, input) =>
    context.services.factors.addPasskey(context, input),
})
