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

/** The same, of a row as it is stored. */
export function bindingOfRow(row: {
  readonly id: string
  readonly workspace_id: string
  readonly account_index: Buffer
  readonly role: string
  readonly permission_set_id: string | null
  readonly expires_at: Date
  readonly token_hash: Buffer
}): Buffer {
  return invitationBinding({
    id: row.id,
    workspaceId: row.workspace_id,
    accountIndex: row.account_index,
    role: row.role,
    permissionSetId: row.permission_set_id,
    expiresAt: row.expires_at,
    tokenHash: row.token_hash,
  })
}
