import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { BumpedEpoch, EPOCH_CLASSES, Reason } from '../epoch.ts'
import type { Epochs } from '../epochs-service.ts'

export const bumpWorkspaceEpoch = defineOperation({
  id: 'epochs.bump',
  method: 'POST',
  path: '/v1/epochs',
  summary: 'End every credential of a kind at once',
  description:
    'All API keys, SMTP credentials or sessions of the workspace that were made until now are dead within a second: requests, event streams and SMTP connections. The key that asks dies too where the kind includes it. Nothing brings them back; make new ones.',
  scope: 'credentials:kill',
  risk: 'safety',
  audit: 'epoch.bumped',
  faults: ['invalid_request'],
  status: 201,
  input: z.strictObject({
    class: z.enum(EPOCH_CLASSES).describe('Which kind: `any` are all of them.'),
    reason: Reason,
  }),
  output: BumpedEpoch,
  handle: (context: OperationContext<{ epochs: Epochs }>, input) =>
    context.services.epochs.bump(context, input),
})
