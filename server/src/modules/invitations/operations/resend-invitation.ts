import { z } from 'zod'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import { Invitation } from '../invitation.ts'
import type { Invitations } from '../invitations-service.ts'

export const resendInvitation = defineOperation({
  id: 'invitations.resend',
  method: 'POST',
  path: '/v1/invitations/{invitationId}/resend',
  summary: 'Send an invitation again',
  description: 'With a new link for seven more days; the old one stops working.',
  scope: 'members:write',
  risk: 'credential',
  stepUpSeconds: 300,
  audit: 'invitation.resent',
  faults: ['not_found', 'missing_scope', 'conflict', 'too_many_requests'],
  status: 200,
  input: z.strictObject({ invitationId: z.string() }),
  output: Invitation,
  handle: (context: OperationContext<{ invitations: Invitations }>, input) =>
    context.services.invitations.resend(context, idOf('invitation', input.invitationId)),
})
