/**
 * Who is asking: resolves API keys, SMTP credentials and the operator's key to principals.
 *
 * Tables read: api_key, smtp_credential, through functions of the engine (a credential is looked up before its workspace is known).
 * Invariants: every failure reads the same; a credential that was revoked is dead within a second; a database that is away is
 * `unavailable` and never `wrong password`, and so is a keyring that is away for a secret it has not peppered lately; no secret is
 * stored, logged or compared in readable form, and what is stored cannot be tested without the keyring; a row that was moved,
 * widened or planted past Bulkhead opens nothing (audit `credential.forged`).
 */
export { createAccess } from './access.ts'
export { bearerToken } from './bearer.ts'
export type { Access, RecognisedKey, SmtpIdentity } from './access.ts'
export type { CredentialClient } from './credential-uses.ts'
export { bindCredential, bindingDigest, isBoundToItsRow } from './credential-binding.ts'
export type { Bound } from './credential-binding.ts'
export { isBoundBy, membershipDigest, permissionSetDigest } from './membership-binding.ts'
export type { BoundMembership, BoundPermissionSet } from './membership-binding.ts'
export { createCredentialPepper } from './credential-pepper.ts'
export type { CredentialPepper, Pepperer } from './credential-pepper.ts'
export { hasUnpepperedCredentials, pepperOldCredentials } from './pepper-old-credentials.ts'
export {
  doorKeyId,
  hashSecret,
  isDoorKey,
  isOneTimeToken,
  mintApiKey,
  mintDoorKey,
  mintOneTimeToken,
  mintStaffKey,
  randomBase62,
} from './key-format.ts'
export { UNBOUND, allowsSender } from './key-bounds.ts'
export { isInNetworks, parseCidr } from '../../platform/networks/index.ts'
export { createSealedSenders } from './sealed-senders.ts'
export type { BoundSenders, SealedSenders, SendersPlace } from './sealed-senders.ts'
export { LastUsedFrom, boundsInput, boundsShown, overlapInput } from './bounds-input.ts'
export { requireHeldScopes, resolveBounds } from './wanted-bounds.ts'
export type { ResolvedBounds, WantedBounds } from './wanted-bounds.ts'
export { createPeopleAccess, joinAccess } from './people-access.ts'
export type { IssuedSession, PeopleAccess, SessionFactor, SessionLevel } from './people-access.ts'
export { ROLES, ROLE_SCOPES, WORKSPACE_SCOPES } from './roles.ts'
export type { Role, WorkspaceScope } from './roles.ts'
export { ACCOUNT_SCOPES, ALL_SCOPES } from './scopes.ts'
export { createStaffAccess } from './staff-access.ts'
export type { StaffAccess } from './staff-access.ts'
