import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineEmptyOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Members } from '../members-service.ts'

export const endMemberSessions = defineEmptyOperation({
  id: 'members.endSessions',
  method: 'POST',
  path: '/v1/members/{memberId}/end-sessions',
  summary: 'End all sessions of a member for this workspace',
  description: 'One floor, whatever their number; other workspaces of the member stay open.',
  scope: 'members:write',
  risk: 'safety',
  audit: 'epoch.bumped',
  faults: ['invalid_request', 'not_found', 'missing_scope', 'conflict'],
  input: z.strictObject({
    memberId: z.string(),
    reason: z.string().trim().min(1).max(500).describe('Kept in the audit log.'),
  }),
  handle: (context: OperationContext<{ members: Members }>, input) =>
    context.services.members.endSessions(context, idOf('member', input.memberId), input.reason),
})
