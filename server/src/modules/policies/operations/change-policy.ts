import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Policy, policyInput } from '../policy.ts'
import type { Policies } from '../policies-service.ts'

export const changePolicy = defineOperation({
  id: 'policies.change',
  method: 'PUT',
  path: '/v1/workspace/policy',
  summary: 'Change what the workspace demands of its members',
  description:
    'Fields that are left out stay. Holds at the next request and on live streams: sessions that do not fulfil it open the workspace no more, and members are told by mail. Networks without your own address wait up to 15 minutes for another owner, who confirms from inside them.',
  scope: 'policies:write',
  risk: 'credential',
  stepUpSeconds: 300,
  audit: 'policy.changed',
  faults: ['invalid_request', 'conflict'],
  status: 200,
  input: z.strictObject(policyInput),
  output: Policy,
  handle: (context: OperationContext<{ policies: Policies }>, input) =>
    context.services.policies.change(context, input),
})
