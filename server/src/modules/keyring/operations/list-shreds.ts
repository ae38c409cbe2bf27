import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { KeyringService } from '../keyring-service.ts'
import { Shred } from '../keyring-views.ts'

export const listShreds = defineOperation({
  id: 'keyring.listShreds',
  method: 'GET',
  path: '/v1/keyring/shreds',
  summary: 'Workspaces whose keys are to be destroyed or were',
  description: "Needs the operator's key. The latest first, at most 1,000.",
  scope: 'keyring:read',
  risk: 'safety',
  audit: 'keyring.read',
  faults: ['unavailable'],
  status: 200,
  input: z.strictObject({}),
  output: z.object({ data: z.array(Shred) }),
  handle: async (context: OperationContext<{ keyring: KeyringService }>) => ({
    data: await context.services.keyring.shreds(),
  }),
})
