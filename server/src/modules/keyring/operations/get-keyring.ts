import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { KeyringService } from '../keyring-service.ts'
import { KeyringState } from '../keyring-views.ts'

export const getKeyring = defineOperation({
  id: 'keyring.status',
  method: 'GET',
  path: '/v1/keyring',
  summary: 'Which root wraps how many keys, budgets, and the last rotation',
  description: "Needs the operator's key. It shows fingerprints and counts, never a key.",
  scope: 'keyring:read',
  risk: 'safety',
  audit: 'keyring.read',
  faults: ['unavailable'],
  status: 200,
  input: z.strictObject({}),
  output: KeyringState,
  handle: (context: OperationContext<{ keyring: KeyringService }>) => context.services.keyring.status(),
})
