/** What an API key of a workspace may be allowed to do. Every operation names one of these or of the operator's. */
export const ALL_SCOPES = [
  'messages:send',
  'messages:read',
  'messages:write',
  'domains:read',
  'domains:write',
  'senders:read',
  'senders:write',
  'suppressions:read',
  'suppressions:write',
  'contacts:read',
  'contacts:write',
  'broadcasts:read',
  'broadcasts:write',
  'broadcasts:send',
  'templates:read',
  'templates:write',
  'webhooks:read',
  'webhooks:write',
  'api-keys:read',
  'api-keys:write',
  'smtp-credentials:read',
  'smtp-credentials:write',
  'credentials:kill',
  'containments:read',
  'containments:write',
  'audit:read',
  'inbox:read',
  'inbox:write',
  'workspace:read',
  'operations:read',
  'alerts:read',
  'alerts:write',
] as const

/** What only people may do in a workspace: a key that leaked adds no member and changes no policy. */
export const PEOPLE_SCOPES = [
  'members:read',
  'members:write',
  'policies:read',
  'policies:write',
  'federation:read',
  'federation:write',
] as const

/**
 * What a person may do with the own account, each more than the one before. A session that a workspace's own provider vouches for has only the
 * first (tell whose it is, end itself): such a provider has no say over the account. One without second factor has the first two (C-05).
 */
export const ACCOUNT_SCOPES = ['account:self', 'account:enrol', 'account'] as const

/** What takes nobody to be known. */
export const PUBLIC_SCOPE = 'public'

/** What the operator's key may do. It opens no workspace: it has no scope over mail, senders or keys. */
export const OPERATOR_SCOPES = [
  'workspaces:read',
  'workspaces:write',
  'keyring:read',
  'keyring:write',
  'installation-audit:read',
  'installation-alerts:read',
  'installation-alerts:write',
  'people:read',
  'people:write',
  'quarantine:read',
  'operations:read',
  'shaping:read',
  'shaping:write',
  'sources:read',
  'sources:write',
  'queue:read',
  'queue:write',
] as const

/** What staff may do: see operational metadata and take away. There is no scope that reads, sends, makes or changes. */
export const STAFF_SCOPES = [
  'installation:read',
  'containments:write',
  'containments:lift',
  'credentials:kill',
] as const

/** What the operator's key may do at the staff process; it lifts nothing, because it is no person. */
export const STAFF_OPERATOR_SCOPES = [
  'staff:read',
  'staff:write',
  'installation:read',
  'containments:write',
  'credentials:kill',
] as const
