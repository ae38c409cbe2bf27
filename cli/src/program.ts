import type { Command } from './command.ts'
import { accountCommands } from './commands/account.ts'
import { invitationCommands } from './commands/invitations.ts'
import { memberCommands } from './commands/members.ts'
import { permissionSetCommands } from './commands/permission-sets.ts'
import { policyCommands } from './commands/policy.ts'
import { peopleCommands } from './commands/people.ts'
import { recoveryCommands } from './commands/recoveries.ts'
import { ledgerCommand, queueCommand } from './commands/accounting.ts'
import { alertCommands } from './commands/alerts.ts'
import { auditCommands } from './commands/audit.ts'
import { breachedCommands } from './commands/breached.ts'
import { completionCommand } from './commands/completion.ts'
import { containmentCommands } from './commands/containments.ts'
import { domainCommands } from './commands/domains.ts'
import { epochCommands } from './commands/epochs.ts'
import { eventCommands } from './commands/events.ts'
import { federationCommands } from './commands/federation.ts'
import { factorCommands } from './commands/factors.ts'
import { honeyCommands } from './commands/honey.ts'
import { importCommands } from './commands/import.ts'
import { inboxCommands } from './commands/inbox.ts'
import { startCommand, statusCommand } from './commands/installation.ts'
import { accessCommand } from './commands/access.ts'
import { inventoryCommand } from './commands/inventory.ts'
import { keyringCommands } from './commands/keyring.ts'
import { keyCommands } from './commands/keys.ts'
import { linkCommands } from './commands/links.ts'
import { messageCommands } from './commands/messages.ts'
import { sendCommand } from './commands/send.ts'
import { senderCommands } from './commands/senders.ts'
import { smtpCredentialCommands } from './commands/smtp-credentials.ts'
import { shapingCommands } from './commands/shaping.ts'
import { sourceCommands } from './commands/sources.ts'
import { staffActCommands } from './commands/staff-acts.ts'
import { staffLookCommands } from './commands/staff-look.ts'
import { staffQueueCommands } from './commands/staff-queue.ts'
import { staffMemberCommands } from './commands/staff.ts'
import { sessionCommands } from './commands/sessions.ts'
import { ssoCommands } from './commands/sso.ts'
import { broadcastCommands } from './commands/broadcasts.ts'
import { contactCommands } from './commands/contacts.ts'
import { listCommands } from './commands/lists.ts'
import { subaccountCommands } from './commands/subaccounts.ts'
import { suppressionCommands } from './commands/suppressions.ts'
import { suppressionImportCommands } from './commands/suppression-imports.ts'
import { inboundRouteCommands } from './commands/inbound-routes.ts'
import { webhookCommands } from './commands/webhooks.ts'
import { witnessCommand } from './commands/witness.ts'
import { batchCommands } from './commands/batches.ts'
import { bounceCommands } from './commands/bounces.ts'
import { queueActCommands } from './commands/queue-acts.ts'
import { quotaCommands } from './commands/quotas.ts'
import { statisticsCommands } from './commands/statistics.ts'
import { changeCommands } from './commands/changes.ts'
import { templateCommands } from './commands/templates.ts'
import { tagCommands } from './commands/tags.ts'
import { topicCommands } from './commands/topics.ts'
import { tlsCommands } from './commands/tls.ts'
import { systemMailCommands } from './commands/system-mail.ts'
import { workspaceCommands } from './commands/workspaces.ts'
import type { Noun } from './help.ts'

const working: readonly Command[] = [
  startCommand,
  statusCommand,
  sendCommand,
  ...messageCommands,
  ...eventCommands,
  ...queueActCommands,
  // Behind its verbs: in completions its pattern matches them too.
  queueCommand,
  ledgerCommand,
  ...inboxCommands,
  ...domainCommands,
  ...linkCommands,
  ...senderCommands,
  ...templateCommands,
  ...contactCommands,
  ...listCommands,
  ...broadcastCommands,
  ...suppressionCommands,
  ...suppressionImportCommands,
  ...webhookCommands,
  ...inboundRouteCommands,
  ...importCommands,
  ...keyCommands,
  ...smtpCredentialCommands,
  ...federationCommands,
  ...sessionCommands,
  ...accountCommands,
  ...memberCommands,
  ...invitationCommands,
  ...permissionSetCommands,
  ...policyCommands,
  ...recoveryCommands,
  ...factorCommands,
  ...ssoCommands,
  ...containmentCommands,
  ...epochCommands,
  ...auditCommands,
  ...alertCommands,
  witnessCommand,
  ...breachedCommands,
  ...workspaceCommands,
  ...peopleCommands,
  ...systemMailCommands,
  ...tlsCommands,
  ...changeCommands,
  ...bounceCommands,
  ...tagCommands,
  ...topicCommands,
  ...batchCommands,
  ...subaccountCommands,
  ...keyringCommands,
  ...honeyCommands,
  ...statisticsCommands,
  ...quotaCommands,
  ...shapingCommands,
  ...sourceCommands,
  ...staffMemberCommands,
  ...staffLookCommands,
  ...staffActCommands,
  ...staffQueueCommands,
  accessCommand,
  inventoryCommand,
]

const NOUN_SUMMARIES: Readonly<Record<string, string>> = {
  messages: 'What was sent and what became of it',
  events: 'Everything that happened, for programs that poll',
  inbox: 'Captured mail, in development',
  domains: 'Sending domains and their DNS records',
  links: 'Hosts that links in mail lead to',
  tracking: 'Whether mail was opened and clicked',
  senders: 'Addresses that may appear in From',
  templates: 'Mail that is written once and filled with data',
  contacts: 'People whom you write to',
  lists: 'Contacts that were put together',
  broadcasts: 'One mail to everybody on a list',
  suppressions: 'Addresses that get no mail',
  tags: 'Names that messages have, and what happened to their mail',
  topics: 'What mail is about, and who has left which',
  batches: 'Messages that are paused or cancelled together',
  subaccounts: 'Mail of your own customers: counted, limited, paused by itself',
  webhooks: 'Endpoints that are told of events',
  import: 'Moving here from another vendor',
  keys: 'API keys',
  federation: 'Keys for workloads of other platforms, without a stored secret',
  'smtp-credentials': 'User names and passwords for SMTP submission',
  contain: 'Cut something off, for a time and with a reason',
  lift: 'End a containment, together with a second person',
  containments: 'What is cut off, for whom, until when and why',
  sessions: 'Where you are logged in',
  account: 'Your own account: password, address, recovery',
  recoveries: 'Members who have lost their second factors',
  people: 'For the operator: who there is, suspend, sign out',
  factors: 'Your passkeys, authenticator app and recovery codes',
  members: 'People of the workspace and what they may do',
  invitations: 'Letting people in',
  'permission-sets': 'Rights that you put together in place of a role',
  policy: 'What the workspace demands of its members',
  sso: 'Signing in through your own identity provider',
  epochs: 'Ending all credentials of a kind at once',
  bounces: 'What came back: bounces, complaints, replies of machines',
  quarantine: 'Mail from outside that belongs to no workspace',
  audit: 'Who did what, with proofs',
  alerts: 'What was noticed around the accounts of people',
  honey: 'Accounts that nobody has, to notice who has a list',
  queue: 'What waits, and what to do with it',
  quotas: 'How much may be sent, and what is used of it',
  'system-mail': 'What the installation itself writes to people',
  changes: 'Changes of senders, domains, webhooks and people, and what waits for approval',
  tls: 'What protects mail on its way, and the reports about it',
  sources: 'Addresses that mail leaves from, and the warm-up of new ones',
  pools: 'Which workspaces leave from which addresses',
  shaping: 'How fast mail goes where, what was learnt, why something waits',
  breached: 'Passwords that became known in breaches, on this host',
  workspaces: 'Compartments of the installation',
  keyring: 'Roots and keys: what wraps what, rotation, destruction',
  staff: 'For staff: see how it is, contain, end, revoke',
}

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [...working, completionCommand(working, () => nouns)]

/** The first words of commands with what they are about. */
export const nouns: readonly Noun[] = [...new Set(commands.map((command) => command.path[0]))].map(
  (name) => ({
    name,
    summary:
      NOUN_SUMMARIES[name] ??
      commands.find((command) => command.path.length === 1 && command.path[0] === name)?.summary ??
      name,
  }),
)
