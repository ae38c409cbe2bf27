import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { BegunTotp } from '../factor.ts'
import type { OwnFactors } from '../factors-service.ts'

export const beginTotp = defineOperation({
  id: 'factors.beginTotp',
  method: 'POST',
  path: '/v1/account/totp',
  summary: 'Begin to add an authenticator app',
  description:
    'Answers the secret for the app, this once. The app is a factor after its first right code, and takes the place of an older one. Who may: as for a passkey.',
  scope: 'account:enrol',
  risk: 'credential',
  audit: 'second_factor.begun',
  faults: ['conflict', 'second_factor_required', 'step_up_required'],
  status: 201,
  input: z.strictObject({}),
  output: BegunTotp,
  handle: (context: OperationContext<{ factors: OwnFactors }>) => context.services.factors.beginTotp(context),
})
