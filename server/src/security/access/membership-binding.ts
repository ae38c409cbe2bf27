import { timingSafeEqual } from 'node:crypto'
import type { CredentialPepper } from './credential-pepper.ts'
import { hashSecret } from './key-format.ts'

/** What a membership is bound to: who changes any of it has another one, which opens nothing. UUIDs. */
export interface BoundMembership {
  readonly id: string
  readonly workspaceId: string
  readonly personId: string
  readonly role: string
  readonly permissionSetId: string | null
}

/** What a permission set is bound to. Its name gives nothing. */
export interface BoundPermissionSet {
  readonly id: string
  readonly workspaceId: string
  readonly scopes: readonly string[]
}

/** No secret and no other binding has these forms. */
const OF_MEMBER = 'bulkhead member binding 1'
const OF_SET = 'bulkhead permission set binding 1'

/** The 32 bytes whose peppered form is the column `binding` of a membership. */
export function membershipDigest(bound: BoundMembership): Buffer {
  return hashSecret(
    JSON.stringify([
      OF_MEMBER,
      bound.id,
      bound.workspaceId,
      bound.personId,
      bound.role,
      bound.permissionSetId,
    ]),
  )
}

/** The 32 bytes whose peppered form is the column `binding` of a permission set; the order of scopes says nothing. */
export function permissionSetDigest(bound: BoundPermissionSet): Buffer {
  return hashSecret(JSON.stringify([OF_SET, bound.id, bound.workspaceId, [...bound.scopes].sort()]))
}

/** Whether what is stored is what Bulkhead made. Throws what the keyring client throws. */
export async function isBoundBy(
  pepper: Pick<CredentialPepper, 'of'>,
  digest: Buffer,
  binding: Buffer | null,
): Promise<boolean> {
  const expected = await pepper.of(digest)
  return binding?.length === expected.length && timingSafeEqual(binding, expected)
}
