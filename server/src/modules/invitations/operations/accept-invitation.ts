import { z } from 'zod'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import { personOf } from '../../members/index.ts'
import type { Invitations } from '../invitations-service.ts'

export const acceptInvitation = defineOperation({
  id: 'invitations.accept',
  method: 'POST',
  path: '/v1/invitations/accept',
  summary: 'Accept an invitation',
  description:
    'For who is signed in with the invited address. Who has no account yet signs up with that address first.',
  scope: 'account',
  risk: 'write',
  audit: 'invitation.accepted',
  faults: ['invalid_request', 'conflict'],
  status: 200,
  input: z.strictObject({ token: z.string().max(200).describe('What stands after # in the link.') }),
  output: z.object({ workspaceId: z.string(), workspace: z.string() }),
  handle: (context: OperationContext<{ invitations: Invitations }>, input) =>
    context.services.invitations.accept(input.token, personOf(context.principal).personId),
})
