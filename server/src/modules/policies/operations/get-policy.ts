import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Policy } from '../policy.ts'
import type { Policies } from '../policies-service.ts'

export const getPolicy = defineOperation({
  id: 'policies.get',
  method: 'GET',
  path: '/v1/workspace/policy',
  summary: 'Show what the workspace demands of its members',
  scope: 'policies:read',
  risk: 'read',
  audit: 'policy.read',
  faults: [],
  status: 200,
  input: z.strictObject({}),
  output: Policy,
  handle: (context: OperationContext<{ policies: Policies }>) => context.services.policies.get(context),
})
