import { z } from 'zod'
import { defineEmptyOperation, defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Staff } from '../staff-service.ts'
import { Member, MemberWithKey } from '../staff.ts'

type Context = OperationContext<{ staff: Staff }>

export const addMember = defineOperation({
  id: 'staffMembers.add',
  method: 'POST',
  path: '/v1/staff',
  summary: 'Add a member of staff',
  description: "Needs the operator's key. The staff key is shown once.",
  scope: 'staff:write',
  risk: 'installation',
  audit: 'staff.added',
  faults: ['invalid_request', 'conflict'],
  status: 201,
  input: z.strictObject({
    label: z.string().trim().min(1).max(60).describe('A label or pseudonym; no name is needed.'),
  }),
  output: MemberWithKey,
  handle: (context: Context, input) => context.services.staff.addMember(context.actor, input.label),
})

export const listMembers = defineOperation({
  id: 'staffMembers.list',
  method: 'GET',
  path: '/v1/staff',
  summary: 'List members of staff, the oldest first',
  description: "Needs the operator's key. Revoked members stay in the list.",
  scope: 'staff:read',
  risk: 'installation',
  audit: 'staff.listed',
  faults: [],
  status: 200,
  input: z.strictObject({}),
  output: z.object({ data: z.array(Member) }),
  handle: (context: Context) => context.services.staff.members(),
})

export const revokeMember = defineEmptyOperation({
  id: 'staffMembers.revoke',
  method: 'DELETE',
  path: '/v1/staff/{staffMemberId}',
  summary: 'Revoke a member of staff',
  description: "Needs the operator's key. The next request with the staff key fails.",
  scope: 'staff:write',
  risk: 'safety',
  audit: 'staff.revoked',
  faults: ['not_found'],
  input: z.strictObject({ staffMemberId: z.string() }),
  handle: (context: Context, input) =>
    context.services.staff.revokeMember(context.actor, input.staffMemberId),
})
