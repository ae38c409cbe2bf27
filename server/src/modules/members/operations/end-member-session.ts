import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineEmptyOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Members } from '../members-service.ts'

export const endMemberSession = defineEmptyOperation({
  id: 'members.endSession',
  method: 'DELETE',
  path: '/v1/members/{memberId}/sessions/{sessionId}',
  summary: 'End one session of a member',
  description: 'The member has to log in again on that device, for other workspaces too.',
  scope: 'members:write',
  risk: 'safety',
  audit: 'member.session_ended',
  faults: ['not_found', 'missing_scope', 'conflict'],
  input: z.strictObject({ memberId: z.string(), sessionId: z.string() }),
  handle: (context: OperationContext<{ members: Members }>, input) =>
    context.services.members.endSession(context, idOf('member', input.memberId), input.sessionId),
})
