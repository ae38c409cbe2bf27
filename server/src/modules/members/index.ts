/**
 * Members of a workspace, what they may do, and the permission sets that a workspace puts together itself.
 *
 * Tables owned: member, permission_set. Events: none; audit `member.changed`, `member.removed`, `member.left`, `member.session_ended`,
 * `permission_set.created`, `permission_set.updated`, `permission_set.deleted`, `workspace.created` of a person, and `epoch.bumped` of the
 * sessions of a member.
 * Invariants: a workspace that has people keeps an owner (the database refuses otherwise); only owners make, change and remove owners; nobody
 * gives or takes away what he does not have, nobody raises himself; a change holds at the next request, and a removal ends live streams
 * within a second; memberships that ended stay in the table; memberships and sets are bound by the keyring, so that one that somebody wrote past
 * Bulkhead opens nothing, and changing it does not make it genuine.
 */
export { createMembers, shownActor } from './members-service.ts'
export type { Members } from './members-service.ts'
export { personOf, rightsOf, standingOf, standingOfCaller } from './standings.ts'
export type { WishedRights } from './standings.ts'
export { createPermissionSets } from './permission-sets-service.ts'
export type { PermissionSets } from './permission-sets-service.ts'
export { genuineScopes } from './genuine-set.ts'
export { refusalOf } from './member.ts'
export type { MemberView } from './member.ts'
export type { Standing } from './member.ts'
export { memberOperations } from './member-operations.ts'
