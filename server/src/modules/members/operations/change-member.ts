import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { ROLES } from '../../../security/access/index.ts'
import { Member } from '../member.ts'
import type { Members } from '../members-service.ts'

export const changeMember = defineOperation({
  id: 'members.change',
  method: 'PATCH',
  path: '/v1/members/{memberId}',
  summary: 'Give a member another role or a permission set',
  description:
    'Holds at the next request. Only owners make and change owners; nobody gives more than the own rights, raises himself, or changes who may do more; one owner always stays. Open invitations that the member made are revoked.',
  scope: 'members:write',
  risk: 'credential',
  stepUpSeconds: 300,
  audit: 'member.changed',
  faults: ['invalid_request', 'missing_scope', 'not_found', 'conflict'],
  status: 200,
  input: z.strictObject({
    memberId: z.string(),
    role: z.enum(ROLES).optional(),
    permissionSetId: z.string().optional().describe('pst_…, in place of a role.'),
  }),
  output: Member,
  handle: (context: OperationContext<{ members: Members }>, input) =>
    context.services.members.change(context, idOf('member', input.memberId), input),
})
