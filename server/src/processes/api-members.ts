import type { AuditRecord } from '../kernel/audit-record.ts'
import { createInvitations } from '../modules/invitations/index.ts'
import type { Invitations } from '../modules/invitations/index.ts'
import { createMembers, createPermissionSets } from '../modules/members/index.ts'
import type { Members, PermissionSets } from '../modules/members/index.ts'
import { createPolicies } from '../modules/policies/index.ts'
import type { Policies } from '../modules/policies/index.ts'
import type { SessionIssuer } from '../modules/sessions/index.ts'
import { createSso, createSsoConnections } from '../modules/sso/index.ts'
import type { Sso } from '../modules/sso/index.ts'
import type { SystemMail } from '../modules/system-mail/index.ts'
import type { Workspaces } from '../modules/workspaces/index.ts'
import type { DnsResolver } from '../platform/dns/index.ts'
import { createEgress } from '../platform/egress/index.ts'
import type { KeyringClient } from '../platform/keyring-client/index.ts'
import { createOidc } from '../platform/oidc/index.ts'
import type { Queryable } from '../platform/postgres/index.ts'
import type { TenantDatabase, TenantTransactions } from '../platform/postgres/tenant.ts'
import type { Logger } from '../platform/telemetry/index.ts'
import type { CredentialPepper, PeopleAccess } from '../security/access/index.ts'
import type { Limiter } from '../security/limits/index.ts'

export interface MemberServices extends Disposable {
  readonly members: Members
  readonly permissionSets: PermissionSets
  readonly invitations: Invitations
  readonly policies: Policies
  readonly sso: Sso
}

/** What a workspace needs for its people, put together once for the process and for the tests of it. */
export function prepareMembers(deps: {
  readonly pool: Queryable
  readonly keyring: KeyringClient
  readonly pepper: CredentialPepper
  readonly people: PeopleAccess
  readonly systemMail: SystemMail
  readonly workspaces: Workspaces
  readonly transactions: TenantTransactions
  readonly recordAudit: (db: TenantDatabase, record: AuditRecord) => Promise<void>
  readonly publicUrl: string
  /** Whether people make workspaces: BULKHEAD_SIGN_UP is open. */
  readonly mayCreateWorkspaces: boolean
  readonly sessions: SessionIssuer
  readonly limiter: Limiter
  readonly resolver: Pick<DnsResolver, 'a' | 'aaaa' | 'txt'>
  readonly allowPrivateTargets: boolean
  /** Development: identity providers on this host may be http. */
  readonly allowLoopback: boolean
  readonly log: Logger
  readonly newId: () => string
  readonly now: () => number
}): MemberServices {
  const members = createMembers(deps)
  const egress = createEgress(deps)
  const oidc = createOidc({ egress, allowLoopback: deps.allowLoopback })
  const connections = createSsoConnections({ ...deps, oidc })
  return {
    members,
    permissionSets: createPermissionSets(deps),
    invitations: createInvitations({ ...deps, nowMs: deps.now }),
    policies: createPolicies({ ...deps, members, nowMs: deps.now }),
    sso: createSso({ ...deps, oidc, connections, nowMs: deps.now }),
    [Symbol.dispose]: () => egress[Symbol.dispose](),
  }
}
