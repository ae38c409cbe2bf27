import { ALL_SCOPES, PEOPLE_SCOPES } from './scopes.ts'

/** What somebody is in a workspace. A permission set of the workspace may take the place of the role's scopes. */
export const ROLES = ['owner', 'admin', 'developer', 'marketer', 'analyst', 'auditor'] as const
export type Role = (typeof ROLES)[number]

/** Everything a person can be allowed to do in a workspace; permission sets choose from these. */
export const WORKSPACE_SCOPES = [...ALL_SCOPES, ...PEOPLE_SCOPES] as const
export type WorkspaceScope = (typeof WORKSPACE_SCOPES)[number]

const READING = WORKSPACE_SCOPES.filter(
  (scope) =>
    scope.endsWith(':read') &&
    !['audit:read', 'policies:read', 'federation:read', 'inbox:read'].includes(scope),
)

/**
 * The scopes of each role. Owners and admins have all of them; what sets owners apart is a rule of the members slice: only an owner makes
 * or removes owners. An auditor sees who may do what and what was done, and no mail, no address.
 */
export const ROLE_SCOPES: Readonly<Record<Role, readonly WorkspaceScope[]>> = {
  owner: WORKSPACE_SCOPES,
  admin: WORKSPACE_SCOPES,
  developer: [
    ...READING,
    'inbox:read',
    'federation:read',
    'messages:send',
    'messages:write',
    'domains:write',
    'senders:write',
    'suppressions:write',
    'contacts:write',
    'broadcasts:write',
    'broadcasts:send',
    'templates:write',
    'webhooks:write',
    'api-keys:write',
    'smtp-credentials:write',
    'credentials:kill',
    'containments:write',
    'inbox:write',
  ],
  marketer: [
    'messages:send',
    'messages:read',
    'domains:read',
    'senders:read',
    'suppressions:read',
    'suppressions:write',
    'contacts:read',
    'contacts:write',
    'broadcasts:read',
    'broadcasts:write',
    'broadcasts:send',
    'templates:read',
    'templates:write',
    'inbox:read',
    'workspace:read',
    'alerts:read',
    'containments:read',
  ],
  analyst: [
    'messages:read',
    'domains:read',
    'senders:read',
    'suppressions:read',
    'broadcasts:read',
    'templates:read',
    'workspace:read',
    'operations:read',
  ],
  auditor: [
    'audit:read',
    'containments:read',
    'members:read',
    'policies:read',
    'federation:read',
    'api-keys:read',
    'smtp-credentials:read',
    'webhooks:read',
    'domains:read',
    'workspace:read',
    'operations:read',
    'alerts:read',
  ],
}
