import { z } from 'zod'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { idOf } from '../../../platform/http/listing.ts'
import { defineEmptyOperation } from '../../../platform/http/operation.ts'
import type { Invitations } from '../invitations-service.ts'

export const revokeInvitation = defineEmptyOperation({
  id: 'invitations.revoke',
  method: 'DELETE',
  path: '/v1/invitations/{invitationId}',
  summary: 'Revoke an invitation',
  description: 'Its link stops working. Who has accepted stays a member.',
  scope: 'members:write',
  risk: 'safety',
  audit: 'invitation.revoked',
  faults: ['not_found', 'missing_scope'],
  input: z.strictObject({ invitationId: z.string() }),
  handle: (context: OperationContext<{ invitations: Invitations }>, input) =>
    context.services.invitations.revoke(context, idOf('invitation', input.invitationId)),
})
