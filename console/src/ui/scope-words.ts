/** What scopes let somebody do, grouped by what they are about. The server's list is the truth: what has no words here is shown by its name. */
const NOUNS: Readonly<Record<string, string>> = {
  messages: 'Messages',
  domains: 'Domains',
  senders: 'Senders',
  templates: 'Templates',
  suppressions: 'Suppressions',
  contacts: 'Contacts',
  broadcasts: 'Broadcasts',
  webhooks: 'Webhooks',
  'api-keys': 'API keys',
  'smtp-credentials': 'SMTP credentials',
  credentials: 'All credentials',
  containments: 'Containment',
  audit: 'Audit log',
  inbox: 'Inbox of development',
  workspace: 'Workspace',
  operations: 'Operations',
  alerts: 'Alerts',
  members: 'Members',
  policies: 'Policies',
  federation: 'Workloads',
}

const WORDS: Readonly<Record<string, string>> = {
  'messages:send': 'Send mail',
  'messages:read': 'Read mail and what became of it',
  'messages:write': 'Cancel, hold and reschedule mail',
  'domains:read': 'See domains and their records',
  'domains:write': 'Add, check and remove domains',
  'senders:read': 'See senders',
  'senders:write': 'Add, change and remove senders',
  'templates:read': 'See templates',
  'templates:write': 'Write and publish templates',
  'suppressions:read': 'See who gets no mail, and why',
  'suppressions:write': 'Add and remove suppressions',
  'contacts:read': 'Read contacts and lists, at most 20,000 contacts an hour',
  'contacts:write': 'Add, change and remove contacts and lists',
  'broadcasts:read': 'See broadcasts and how far they are',
  'broadcasts:write': 'Write drafts of broadcasts',
  'broadcasts:send': 'Send broadcasts, and cancel them',
  'webhooks:read': 'See webhooks and their deliveries',
  'webhooks:write': 'Add, change, test and remove webhooks',
  'api-keys:read': 'See API keys (never the secrets)',
  'api-keys:write': 'Make, rotate and revoke API keys',
  'smtp-credentials:read': 'See SMTP credentials (never the passwords)',
  'smtp-credentials:write': 'Make, rotate and revoke SMTP credentials',
  'credentials:kill': 'End all credentials of a kind at once',
  'containments:read': 'See what is contained',
  'containments:write': 'Contain, and ask for a lift',
  'audit:read': 'Read in the audit log what was done, by whom',
  'inbox:read': 'Read the captured mail of development',
  'inbox:write': 'Empty the inbox of development',
  'workspace:read': 'See the name of the workspace and its state',
  'operations:read': 'See queue, transport and quotas',
  'alerts:read': 'See alerts and changes',
  'alerts:write': 'Say that an alert was seen',
  'members:read': 'See members and invitations',
  'members:write': 'Invite, change and remove members',
  'policies:read': 'See policies',
  'policies:write': 'Change policies and sign-on',
  'federation:read': 'See workloads',
  'federation:write': 'Connect and revoke workloads',
}

export interface ScopeGroup<Scope extends string> {
  readonly title: string
  readonly scopes: readonly Scope[]
}

/** What a scope is about. */
export function nounOf(scope: string): string {
  return scope.slice(0, scope.indexOf(':'))
}

/** Scopes by noun, in the order in which they come. */
export function groupScopes<Scope extends string>(scopes: readonly Scope[]): readonly ScopeGroup<Scope>[] {
  const groups = Map.groupBy(scopes, nounOf)
  return [...groups].map(([noun, list]) => ({ title: NOUNS[noun] ?? noun, scopes: list }))
}

export function scopeWords(scope: string): string {
  return WORDS[scope] ?? scope
}

/** What of a noun somebody may do, in a word or two: "send, read". */
export function verbsOf(scopes: readonly string[]): string {
  return scopes.map((scope) => scope.slice(scope.indexOf(':') + 1)).join(', ')
}
