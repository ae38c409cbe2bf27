import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { LeakedKeys } from '../leaked-keys-service.ts'

export const reportLeakedKey = defineOperation({
  id: 'apiKeys.reportLeak',
  method: 'POST',
  path: '/v1/leaked-keys/report',
  summary: 'Report an API key that others can read',
  description:
    'Takes no authentication but the key itself, which works for nothing else here. What can do more than send is revoked at once; a key that can only send goes on for 72 hours from the networks where it worked before, unless its onLeak says otherwise. The owners are told.',
  scope: 'public',
  risk: 'safety',
  audit: 'credential.leaked',
  faults: ['invalid_request', 'too_many_requests', 'unavailable'],
  status: 200,
  input: z.strictObject({ key: z.string().min(1).max(200).describe('The key that leaked, whole.') }),
  output: z.object({
    outcome: z
      .enum(['revoked', 'tightened', 'already', 'unknown'])
      .describe(
        'already: it was dead or reported before. unknown: it is no key of this installation, or mistyped.',
      ),
  }),
  handle: async (context: OperationContext<{ leakedKeys: LeakedKeys }>, input) => ({
    outcome: await context.services.leakedKeys.report(input.key, context.client.address),
  }),
})
