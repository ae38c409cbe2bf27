import { z } from 'zod'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import { ROLES } from '../../../security/access/index.ts'
import { Invitation } from '../invitation.ts'
import type { Invitations } from '../invitations-service.ts'

export const createInvitation = defineOperation({
  id: 'invitations.create',
  method: 'POST',
  path: '/v1/invitations',
  summary: 'Invite somebody to the workspace',
  description:
    'A letter with a link goes to the address; it works once, within seven days, for whoever signs in or signs up with that address. The answer is the same whether it has an account or not.',
  scope: 'members:write',
  risk: 'credential',
  stepUpSeconds: 300,
  audit: 'invitation.created',
  faults: ['invalid_request', 'missing_scope', 'conflict', 'too_many_requests'],
  status: 201,
  input: z.strictObject({
    email: z.string().max(320),
    role: z.enum(ROLES).optional(),
    permissionSetId: z.string().optional().describe('pst_…, in place of a role.'),
  }),
  output: Invitation,
  handle: (context: OperationContext<{ invitations: Invitations }>, input) =>
    context.services.invitations.create(context, input),
})
