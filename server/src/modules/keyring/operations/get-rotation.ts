import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { KeyringService } from '../keyring-service.ts'
import { Rotation } from '../keyring-views.ts'

export const getRotation = defineOperation({
  id: 'keyring.rotation',
  method: 'GET',
  path: '/v1/keyring/rotation',
  summary: 'How far the rotation of keys is',
  description: "Needs the operator's key. Answers the one that runs, or else the last one.",
  scope: 'keyring:read',
  risk: 'safety',
  audit: 'keyring.read',
  faults: ['unavailable'],
  status: 200,
  input: z.strictObject({}),
  output: z.object({ rotation: Rotation.nullable() }),
  handle: async (context: OperationContext<{ keyring: KeyringService }>) => ({
    rotation: await context.services.keyring.rotation(),
  }),
})
