import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Policy } from '../policy.ts'
import type { Policies } from '../policies-service.ts'

export const confirmPolicy = defineOperation({
  id: 'policies.confirm',
  method: 'POST',
  path: '/v1/workspace/policy/confirm',
  summary: 'Confirm a change of networks that another owner asked for',
  description: 'From an address inside of them, within 15 minutes: so that nobody locks everybody out.',
  scope: 'policies:write',
  risk: 'credential',
  stepUpSeconds: 300,
  audit: 'policy.confirmed',
  faults: ['conflict', 'missing_scope', 'address_refused'],
  status: 200,
  input: z.strictObject({}),
  output: Policy,
  handle: (context: OperationContext<{ policies: Policies }>) => context.services.policies.confirm(context),
})
