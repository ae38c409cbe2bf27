import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Member } from '../member.ts'
import type { Members } from '../members-service.ts'

export const getMember = defineOperation({
  id: 'members.get',
  method: 'GET',
  path: '/v1/members/{memberId}',
  summary: 'Show a member',
  scope: 'members:read',
  risk: 'read',
  audit: 'member.read',
  faults: ['not_found'],
  status: 200,
  input: z.strictObject({ memberId: z.string() }),
  output: Member,
  handle: (context: OperationContext<{ members: Members }>, input) =>
    context.services.members.get(context, idOf('member', input.memberId)),
})
