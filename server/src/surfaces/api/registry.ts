import { alertOperations, type Alerts } from '../../modules/alerts/index.ts'
import { accountOperations, type Accounts } from '../../modules/accounts/index.ts'
import { apiKeyOperations, type ApiKeys, type DoorNetworks } from '../../modules/api-keys/index.ts'
import { auditLogOperations, type AuditLog } from '../../modules/audit-log/index.ts'
import { callerOperations, type Callers } from '../../modules/callers/index.ts'
import { broadcastOperations, type Broadcasts } from '../../modules/broadcasts/index.ts'
import { batchOperations, type Batches } from '../../modules/batches/index.ts'
import { bounceOperations, type Bounces } from '../../modules/bounces/index.ts'
import { contactOperations, type ContactLists, type Contacts } from '../../modules/contacts/index.ts'
import { containmentOperations, type Containments } from '../../modules/containments/index.ts'
import { domainOperations, type Domains } from '../../modules/domains/index.ts'
import { epochOperations, type Epochs } from '../../modules/epochs/index.ts'
import { factorOperations, type OwnFactors } from '../../modules/factors/index.ts'
import { honeyOperations, type Honey } from '../../modules/honey/index.ts'
import { federationOperations, type Federation } from '../../modules/federation/index.ts'
import { inboundRouteOperations, type InboundRoutes } from '../../modules/inbound-routes/index.ts'
import { inboxOperations, type Inbox } from '../../modules/inbox/index.ts'
import { inventoryOperations, type Inventory } from '../../modules/inventory/index.ts'
import { invitationOperations, type Invitations } from '../../modules/invitations/index.ts'
import { keyringOperations, type KeyringService } from '../../modules/keyring/index.ts'
import { leakedKeyOperations, type LeakedKeys } from '../../modules/leaked-keys/index.ts'
import { memberOperations, type Members, type PermissionSets } from '../../modules/members/index.ts'
import {
  messageOperations,
  type Messages,
  type Outcomes,
  type Resends,
} from '../../modules/messages/index.ts'
import { getInstallationLedger, type InstallationLedger } from '../../modules/monitoring/index.ts'
import { quotaOperations, type QuotasService } from '../../modules/quotas/index.ts'
import { queueOperations, type QueueService } from '../../modules/queue/index.ts'
import { changeOperations, type Changes } from '../../modules/notices/index.ts'
import { policyOperations, type Policies } from '../../modules/policies/index.ts'
import { senderOperations, type Senders } from '../../modules/senders/index.ts'
import { sessionOperations, type LogIn, type Sessions } from '../../modules/sessions/index.ts'
import { shapingOperations, type Shaping } from '../../modules/shaping/index.ts'
import { sourceOperations, type SourceDesk } from '../../modules/sources/index.ts'
import { smtpCredentialOperations, type SmtpCredentials } from '../../modules/smtp-credentials/index.ts'
import { ssoOperations, type Sso } from '../../modules/sso/index.ts'
import {
  statisticsOperations,
  type StatisticsService,
  type TagStatisticsService,
} from '../../modules/statistics/index.ts'
import {
  suppressionOperations,
  type SuppressionExemptions,
  type SuppressionImports,
  type Suppressions,
} from '../../modules/suppressions/index.ts'
import { subaccountOperations, type Subaccounts } from '../../modules/subaccounts/index.ts'
import { systemMailOperations, type SystemMail } from '../../modules/system-mail/index.ts'
import { templateOperations, type Templates } from '../../modules/templates/index.ts'
import { topicOperations, type Topics, type TopicSuppressions } from '../../modules/topics/index.ts'
import { trackingOperations, type LinkDomains, type TrackingService } from '../../modules/tracking/index.ts'
import { transportOperations, type Transport } from '../../modules/transport/index.ts'
import { webhookOperations, type Webhooks } from '../../modules/webhooks/index.ts'
import { workspaceOperations, type Workspaces } from '../../modules/workspaces/index.ts'
import type { Capability } from '../../kernel/containment.ts'
import { CAPABILITY_OF_RISK } from '../../platform/http/operation.ts'
import type { Operation } from '../../platform/http/operation.ts'
import type { HtmlPages } from './html-pages.ts'
import { viewHtml } from './html-view.ts'
import { viewCaptured, type InboxView } from './inbox-view.ts'

/** Every service an operation of the API may use. */
export interface ApiServices {
  readonly accounts: Accounts
  readonly callers: Callers
  readonly messages: Messages
  readonly resends: Resends
  readonly outcomes: Outcomes
  readonly domains: Domains
  readonly senders: Senders
  readonly templates: Templates
  readonly suppressions: Suppressions
  readonly suppressionImports: SuppressionImports
  readonly suppressionExemptions: SuppressionExemptions
  readonly topics: Topics
  readonly topicSuppressions: TopicSuppressions
  readonly batches: Batches
  readonly subaccounts: Subaccounts
  readonly contacts: Contacts
  readonly contactLists: ContactLists
  readonly broadcasts: Broadcasts
  readonly bounces: Bounces
  readonly webhooks: Webhooks
  readonly inboundRoutes: InboundRoutes
  readonly apiKeys: ApiKeys
  readonly doorNetworks: DoorNetworks
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
  readonly transport: Transport
  readonly logIn: LogIn
  readonly sessions: Sessions
  readonly members: Members
  readonly permissionSets: PermissionSets
  readonly invitations: Invitations
  readonly policies: Policies
  readonly queue: QueueService
  readonly quotas: QuotasService
  readonly statistics: StatisticsService
  readonly tagStatistics: TagStatisticsService
  readonly sso: Sso
  readonly factors: OwnFactors
  readonly changes: Changes
  readonly alerts: Alerts
  readonly honey: Honey
  readonly tracking: TrackingService
  readonly linkDomains: LinkDomains
  readonly shaping: Shaping
  readonly sourceDesk: SourceDesk
  readonly installationLedger: InstallationLedger
}

/** What the server itself holds for the frames of the console. */
interface FrameServices {
  readonly inboxView: InboxView
  readonly htmlPages: HtmlPages
}

/** Every operation of the native API. Routes, OpenAPI, the SDK, the CLI and the generic tests all come from this list. */
export const apiOperations: readonly Operation<ApiServices & FrameServices>[] = [
  ...callerOperations,
  ...accountOperations,
  ...memberOperations,
  ...invitationOperations,
  ...policyOperations,
  ...ssoOperations,
  ...messageOperations,
  ...domainOperations,
  ...trackingOperations,
  ...shapingOperations,
  ...sourceOperations,
  ...senderOperations,
  ...templateOperations,
  ...suppressionOperations,
  ...topicOperations,
  ...batchOperations,
  ...subaccountOperations,
  ...contactOperations,
  ...broadcastOperations,
  ...bounceOperations,
  ...webhookOperations,
  ...inboundRouteOperations,
  ...apiKeyOperations,
  ...smtpCredentialOperations,
  ...leakedKeyOperations,
  ...federationOperations,
  ...epochOperations,
  ...containmentOperations,
  ...inboxOperations,
  viewCaptured,
  viewHtml,
  ...auditLogOperations,
  ...workspaceOperations,
  ...keyringOperations,
  ...systemMailOperations,
  ...transportOperations,
  ...changeOperations,
  ...queueOperations,
  getInstallationLedger,
  ...quotaOperations,
  ...statisticsOperations,
  ...alertOperations,
  ...honeyOperations,
  ...inventoryOperations,
  ...sessionOperations,
  ...factorOperations,
]

/** The capability whose containment stops an act, by the name of its audit record; null: none does. For previews. */
export function capabilityOfAction(action: string): Capability | null {
  const operation = apiOperations.find(({ audit }) => [audit].flat().includes(action))
  return operation === undefined ? null : CAPABILITY_OF_RISK[operation.risk]
}
