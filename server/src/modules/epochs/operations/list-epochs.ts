import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Epoch } from '../epoch.ts'
import type { Epochs } from '../epochs-service.ts'

export const listEpochs = defineOperation({
  id: 'epochs.list',
  method: 'GET',
  path: '/v1/epochs',
  summary: 'Show what has ended credentials of this workspace as a whole',
  description: 'The floors of the workspace and of the installation, the youngest first; at most 1,000.',
  scope: 'credentials:kill',
  risk: 'safety',
  audit: 'epoch.listed',
  faults: [],
  status: 200,
  input: z.strictObject({}),
  output: z.object({ data: z.array(Epoch) }),
  handle: (context: OperationContext<{ epochs: Epochs }>) => context.services.epochs.list(context),
})
