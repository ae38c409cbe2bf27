/**
 * Staff: the installation's own people, whose power is subtractive. They see operational metadata and take away.
 *
 * Tables owned: staff.member, reached through functions of the engine only. Audit: `staff.added`, `staff.revoked`,
 * `containment.*`, `epoch.bumped`, `api_key.revoked`, `smtp_credential.revoked`, all written by those functions; what staff do to a
 * workspace stands in the workspace's own audit stream as `staff:<id>`.
 * Invariants: no operation reads, sends, exports, makes or changes anything of a workspace; the operator's key adds and revokes staff
 * and lifts nothing; a lift takes two members who were there before the containment.
 */
export { createStaff } from './staff-service.ts'
export type { Staff } from './staff-service.ts'
export { staffOperations } from './staff-operations.ts'
