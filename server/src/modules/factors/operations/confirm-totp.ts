import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { AddedFactor } from '../factor.ts'
import type { OwnFactors } from '../factors-service.ts'

export const confirmTotp = defineOperation({
  id: 'factors.confirmTotp',
  method: 'POST',
  path: '/v1/account/totp/confirm',
  summary: 'Confirm an authenticator app with its first code',
  description: 'Within an hour of beginning. You are told of it by mail.',
  scope: 'account:enrol',
  risk: 'credential',
  audit: 'second_factor.added',
  faults: ['invalid_request', 'conflict', 'too_many_requests', 'second_factor_required', 'step_up_required'],
  status: 201,
  input: z.strictObject({ code: z.string().min(1).max(20).describe('Six digits.') }),
  output: AddedFactor,
  handle: (context: OperationContext<{ factors: OwnFactors }>, input) =>
    context.services.factors.confirmTotp(context, input.code),
})
