import { alertOperations, type Alerts } from '../../modules/alerts/index.ts'
import { accountOperations, type Accounts } from '../../modules/accounts/index.ts'
import { apiKeyOperations, type ApiKeys } from '../../modules/api-keys/index.ts'
import { auditLogOperations, type AuditLog } from '../../modules/audit-log/index.ts'
import { containmentOperations, type Containments } from '../../modules/containments/index.ts'
import { domainOperations, type Domains } from '../../modules/domains/index.ts'
import { epochOperations, type Epochs } from '../../modules/epochs/index.ts'
import { factorOperations, type OwnFactors } from '../../modules/factors/index.ts'
import { honeyOperations, type Honey } from '../../modules/honey/index.ts'
import { federationOperations, type Federation } from '../../modules/federation/index.ts'
import { inboxOperations, type Inbox } from '../../modules/inbox/index.ts'
import { inventoryOperations, type Inventory } from '../../modules/inventory/index.ts'
import { invitationOperations, type Invitations } from '../../modules/invitations/index.ts'
import { keyringOperations, type KeyringService } from '../../modules/keyring/index.ts'
import { leakedKeyOperations, type LeakedKeys } from '../../modules/leaked-keys/index.ts'
import { memberOperations, type Members, type PermissionSets } from '../../modules/members/index.ts'
import { messageOperations, type Messages } from '../../modules/messages/index.ts'
import { changeOperations, type Changes } from '../../modules/notices/index.ts'
import { policyOperations, type Policies } from '../../modules/policies/index.ts'
import { senderOperations, type Senders } from '../../modules/senders/index.ts'
import { sessionOperations, type LogIn, type Sessions } from '../../modules/sessions/index.ts'
import { smtpCredentialOperations, type SmtpCredentials } from '../../modules/smtp-credentials/index.ts'
import { ssoOperations, type Sso } from '../../modules/sso/index.ts'
import { suppressionOperations, type Suppressions } from '../../modules/suppressions/index.ts'
import { systemMailOperations, type SystemMail } from '../../modules/system-mail/index.ts'
import { webhookOperations, type Webhooks } from '../../modules/webhooks/index.ts'
import { workspaceOperations, type Workspaces } from '../../modules/workspaces/index.ts'
import type { Capability } from '../../kernel/containment.ts'
import { CAPABILITY_OF_RISK } from '../../platform/http/operation.ts'
import type { Operation } from '../../platform/http/operation.ts'
import { viewCaptured, type InboxView } from './inbox-view.ts'

/** Every service an operation of the API may use. */
export interface ApiServices {
  readonly accounts: Accounts
  readonly messages: Messages
  readonly domains: Domains
  readonly senders: Senders
  readonly suppressions: Suppressions
  readonly webhooks: Webhooks
  readonly apiKeys: ApiKeys
  readonly smtpCredentials: SmtpCredentials
  readonly leakedKeys: LeakedKeys
  readonly federation: Federation
  readonly epochs: Epochs
  readonly containments: Containments
  readonly inbox: Inbox
  readonly inventory: Inventory
  readonly auditLog: AuditLog
  readonly workspaces: Workspaces
  readonly keyring: KeyringService
  readonly systemMail: SystemMail
  readonly logIn: LogIn
  readonly sessions: Sessions
  readonly members: Members
  readonly permissionSets: PermissionSets
  readonly invitations: Invitations
  readonly policies: Policies
  readonly sso: Sso
  readonly factors: OwnFactors
  readonly changes: Changes
  readonly alerts: Alerts
  readonly honey: Honey
}

/** Every operation of the native API. Routes, OpenAPI, the SDK, the CLI and the generic tests all come from this list. */
export const apiOperations: readonly Operation<ApiServices & { readonly inboxView: InboxView }>[] = [
  ...accountOperations,
  ...memberOperations,
  ...invitationOperations,
  ...policyOperations,
  ...ssoOperations,
  ...messageOperations,
  ...domainOperations,
  ...senderOperations,
  ...suppressionOperations,
  ...webhookOperations,
  ...apiKeyOperations,
  ...smtpCredentialOperations,
  ...leakedKeyOperations,
  ...federationOperations,
  ...epochOperations,
  ...containmentOperations,
  ...inboxOperations,
  viewCaptured,
  ...auditLogOperations,
  ...workspaceOperations,
  ...keyringOperations,
  ...systemMailOperations,
  ...changeOperations,
  ...alertOperations,
  ...honeyOperations,
  ...inventoryOperations,
  ...sessionOperations,
  ...factorOperations,
]

/** The capability whose containment stops an act, by the name of its audit record; null: none does. For previews. */
export function capabilityOfAction(action: string): Capability | null {
  const operation = apiOperations.find(({ audit }) => audit === action)
  return operation === undefined ? null : CAPABILITY_OF_RISK[operation.risk]
}
