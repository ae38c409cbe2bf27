import type { CredentialPepper } from './credential-pepper.ts'
import type { ForgeryReports } from './forgeries.ts'
import { isBoundBy, membershipDigest, permissionSetDigest } from './membership-binding.ts'
import type { Membership } from './people-access-store.ts'

/**
 * Leaves out the memberships of a person that Bulkhead did not make: the row, or the permission set that it names, was planted, moved or changed
 * by somebody who writes to the database. Those that fit are asked of the keyring in one request, and kept as credentials are. Throws what the
 * keyring client throws.
 */
export function createGenuineMemberships(deps: {
  readonly pepper: CredentialPepper
  readonly report: ForgeryReports
}): (personId: string, memberships: readonly Membership[]) => Promise<Membership[]> {
  async function fits(digest: Buffer, binding: Buffer | null): Promise<boolean> {
    const isBound = await isBoundBy(deps.pepper, digest, binding)
    if (isBound && binding !== null) deps.pepper.keep(digest, binding)
    return isBound
  }

  async function judge(personId: string, membership: Membership): Promise<boolean> {
    const { id, workspace: workspaceId, role, permissionSetId, scopes } = membership
    const [isMember, isSet] = await Promise.all([
      fits(membershipDigest({ id, workspaceId, personId, role, permissionSetId }), membership.binding),
      permissionSetId === null
        ? true
        : // A set that is gone leaves nothing, not the rights of the role.
          scopes !== null &&
          fits(permissionSetDigest({ id: permissionSetId, workspaceId, scopes }), membership.setBinding),
    ])
    if (!isMember) await deps.report({ kind: 'member', id, workspaceId })
    if (!isSet && permissionSetId !== null)
      await deps.report({ kind: 'permission_set', id: permissionSetId, workspaceId })
    return isMember && isSet
  }

  return async (personId, memberships) => {
    const genuine = await Promise.all(memberships.map((membership) => judge(personId, membership)))
    return memberships.filter((_, n) => genuine[n])
  }
}
