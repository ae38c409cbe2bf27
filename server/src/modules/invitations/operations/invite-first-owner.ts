import { z } from 'zod'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import { Invitation } from '../invitation.ts'
import type { Invitations } from '../invitations-service.ts'

export const inviteFirstOwner = defineOperation({
  id: 'invitations.createFirstOwner',
  method: 'POST',
  path: '/v1/invitations/first-owner',
  summary: 'Invite the first owner of a workspace that has no people',
  description:
    'With a key that may make keys, add domains and send. Once somebody was a member, only members invite, and no key does.',
  scope: 'api-keys:write',
  risk: 'credential',
  audit: 'invitation.created',
  faults: ['invalid_request', 'missing_scope', 'conflict'],
  status: 201,
  input: z.strictObject({ email: z.string().max(320) }),
  output: Invitation,
  handle: (context: OperationContext<{ invitations: Invitations }>, input) =>
    context.services.invitations.createFirstOwner(context, input.email),
})
