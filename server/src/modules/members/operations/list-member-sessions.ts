import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { MemberSession } from '../member.ts'
import type { Members } from '../members-service.ts'

export const listMemberSessions = defineOperation({
  id: 'members.sessions',
  method: 'GET',
  path: '/v1/members/{memberId}/sessions',
  summary: "List a member's sessions that open the workspace",
  scope: 'members:write',
  risk: 'read',
  audit: 'member.sessions_listed',
  faults: ['not_found'],
  status: 200,
  input: z.strictObject({ memberId: z.string() }),
  output: z.object({ data: z.array(MemberSession) }),
  handle: (context: OperationContext<{ members: Members }>, input) =>
    context.services.members.sessions(context, idOf('member', input.memberId)),
})
