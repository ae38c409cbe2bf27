import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'
import { hashSecret, ROLES } from '../../security/access/index.ts'

export const Invitation = z.object({
  id: z.string(),
  email: z.string(),
  role: z.enum(ROLES).nullable(),
  permissionSetId: z.string().nullable(),
  state: z.enum(['open', 'accepted', 'revoked', 'expired']),
  invitedBy: z.string(),
  createdAt: Instant,
  sentAt: Instant.nullable().describe('When the letter went out; null: it did not yet, send it again.'),
  expiresAt: Instant,
})
export type InvitationView = z.output<typeof Invitation>

/** What the binding binds: whoever writes to the database makes no invitation mightier, later or somebody else's. */
export interface BoundInvitation {
  readonly id: string
  readonly workspaceId: string
  readonly accountIndex: Buffer
  readonly role: string
  readonly permissionSetId: string | null
  readonly expiresAt: Date
  readonly tokenHash: Buffer
}

/** No secret and no other binding has this form. */
const LABEL = 'bulkhead invitation binding 1'

export function invitationBinding(invitation: BoundInvitation): Buffer {
  return hashSecret(
    JSON.stringify([
      LABEL,
      invitation.id,
      invitation.workspaceId,
      invitation.accountIndex.toString('hex'),
      invitation.role,
      invitation.permissionSetId,
      String(Number(invitation.expiresAt)),
      invitation.tokenHash.toString('hex'),
    ]),
  )
}
