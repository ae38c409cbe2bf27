import { acceptInvitation } from './operations/accept-invitation.ts'
import { createInvitation } from './operations/create-invitation.ts'
import { inviteFirstOwner } from './operations/invite-first-owner.ts'
import { listInvitations } from './operations/list-invitations.ts'
import { resendInvitation } from './operations/resend-invitation.ts'
import { revokeInvitation } from './operations/revoke-invitation.ts'

export const invitationOperations = [
  createInvitation,
  inviteFirstOwner,
  listInvitations,
  revokeInvitation,
  resendInvitation,
  acceptInvitation,
]
