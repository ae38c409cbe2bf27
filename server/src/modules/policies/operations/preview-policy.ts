import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { policyInput, PolicyPreview } from '../policy.ts'
import type { Policies } from '../policies-service.ts'

export const previewPolicy = defineOperation({
  id: 'policies.preview',
  method: 'POST',
  path: '/v1/workspace/policy/preview',
  summary: 'Show what a change of the policy would do',
  description:
    'Whose sessions would end and why, who could not come back, and whether the change would wait for another owner. It changes nothing. A network is compared with that of the log-in.',
  scope: 'policies:write',
  risk: 'read',
  audit: 'policy.previewed',
  faults: ['invalid_request'],
  status: 200,
  input: z.strictObject(policyInput),
  output: PolicyPreview,
  handle: (context: OperationContext<{ policies: Policies }>, input) =>
    context.services.policies.preview(context, input),
})
