import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Members } from '../members-service.ts'

export const removeMember = defineOperation({
  id: 'members.remove',
  method: 'DELETE',
  path: '/v1/members/{memberId}',
  summary: 'Remove a member',
  description:
    'Ends within a second what the member can do here, live streams too. API keys and SMTP credentials that the member made are another matter: say whether they are revoked (what uses them stops) or kept (whoever has noted them keeps their power).',
  scope: 'members:write',
  risk: 'safety',
  stepUpSeconds: 300,
  audit: 'member.removed',
  faults: ['invalid_request', 'missing_scope', 'not_found', 'conflict'],
  status: 200,
  input: z.strictObject({
    memberId: z.string(),
    credentials: z.enum(['keep', 'revoke']).describe('What becomes of the keys that the member made.'),
  }),
  output: z.object({
    credentials: z.int().describe('How many live credentials were revoked, or kept.'),
  }),
  handle: (context: OperationContext<{ members: Members }>, input) =>
    context.services.members.remove(context, idOf('member', input.memberId), input.credentials),
})
