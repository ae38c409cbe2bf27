import type { AuditRecord } from '../../kernel/audit-record.ts'
import type { DnsResolver } from '../../platform/dns/index.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { Pool } from '../../platform/postgres/index.ts'
import type { TenantDatabase, TenantTransactions } from '../../platform/postgres/tenant.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import type { CredentialPepper, PeopleAccess } from '../../security/access/index.ts'
import type { Detection } from '../../security/detection/index.ts'
import type { Factors } from '../../security/factors/index.ts'
import type { Limiter } from '../../security/limits/index.ts'
import type { PasswordCheck, Passwords } from '../../security/passwords/index.ts'
import type { Invitations } from '../invitations/index.ts'
import type { SessionIssuer } from '../sessions/index.ts'
import type { SystemMail } from '../system-mail/index.ts'
import type { Workspaces } from '../workspaces/index.ts'

/** Who may sign up: anybody, or those whom a workspace has invited. */
export type SignUpMode = 'open' | 'invited'

/** What the accounts slice needs from outside. */
export interface AccountsDependencies {
  readonly pool: Pool
  readonly transactions: TenantTransactions
  readonly keyring: Pick<KeyringClient, 'blindAddresses' | 'contentKey' | 'openContentKeys'>
  /** Of name `credential`. */
  readonly pepper: Pick<CredentialPepper, 'of'>
  readonly passwords: Pick<Passwords, 'hash'>
  readonly passwordCheck: PasswordCheck
  readonly factors: Pick<Factors, 'state'>
  readonly people: Pick<PeopleAccess, 'forget'>
  readonly sessions: SessionIssuer
  readonly limiter: Pick<Limiter, 'take'>
  readonly detection: Pick<Detection, 'observe' | 'raise'>
  readonly systemMail: Pick<SystemMail, 'send'>
  readonly resolver: Pick<DnsResolver, 'txt'>
  readonly workspaces: Pick<Workspaces, 'bindOwner' | 'storeFor' | 'adopt' | 'nameWithoutPeople'>
  /** An invitation that still works. */
  readonly findInvitation: Invitations['find']
  readonly recordAudit: (db: TenantDatabase, record: AuditRecord) => Promise<void>
  readonly settings: { readonly publicUrl: string; readonly signUp: SignUpMode }
  readonly log: Pick<Logger, 'warn' | 'info' | 'debug'>
  readonly newId: () => string
}
