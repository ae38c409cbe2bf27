import { z } from 'zod'
import { defineEmptyOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { idOf } from '../../../platform/http/listing.ts'
import type { OwnFactors } from '../factors-service.ts'

export const removeFactor = defineEmptyOperation({
  id: 'factors.remove',
  method: 'DELETE',
  path: '/v1/account/factors/{factorId}',
  summary: 'Remove a passkey or the authenticator app',
  description:
    'Your other sessions end, and you are told of it by mail. The last factor stays while a workspace of yours demands one, and the last passkey while one takes passkeys only.',
  scope: 'account',
  risk: 'credential',
  stepUpSeconds: 300,
  audit: 'second_factor.removed',
  faults: ['not_found', 'conflict'],
  input: z.strictObject({ factorId: z.string() }),
  handle: (context: OperationContext<{ factors: OwnFactors }>, input) =>
    context.services.factors.remove(context, idOf('factor', input.factorId)),
})
