/**
 * Invitations into a workspace.
 *
 * Tables owned: invitation. Events: none; audit `invitation.created`, `invitation.resent`, `invitation.revoked`, `invitation.accepted`.
 * Invariants: the inviter sees the same whether an address has an account or not; a link works once, for the invited address only, within
 * seven days; nobody invites to more than the own rights; what an invitation gives is bound to its token by the keyring, so that whoever writes
 * to the database makes none mightier; invitations of who is removed or gets another role are revoked; no key lets anybody in, except
 * the first owner of a workspace that never had people.
 */
export { createInvitations } from './invitations-service.ts'
export type { Invitations, OpenInvitation } from './invitations-service.ts'
export { invitationBinding } from './invitation.ts'
export { invitationOperations } from './invitation-operations.ts'
