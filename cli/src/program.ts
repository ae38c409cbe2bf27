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
import { inboxCommands } from './commands/inbox.ts'
import { startCommand, statusCommand } from './commands/installation.ts'
import { inventoryCommand } from './commands/inventory.ts'
import { keyringCommands } from './commands/keyring.ts'
import { keyCommands } from './commands/keys.ts'
import { messageCommands } from './commands/messages.ts'
import { sendCommand } from './commands/send.ts'
import { senderCommands } from './commands/senders.ts'
import { smtpCredentialCommands } from './commands/smtp-credentials.ts'
import { staffActCommands } from './commands/staff-acts.ts'
import { staffLookCommands } from './commands/staff-look.ts'
import { staffMemberCommands } from './commands/staff.ts'
import { sessionCommands } from './commands/sessions.ts'
import { ssoCommands } from './commands/sso.ts'
import { suppressionCommands } from './commands/suppressions.ts'
import { webhookCommands } from './commands/webhooks.ts'
import { witnessCommand } from './commands/witness.ts'
import { changeCommands } from './commands/changes.ts'
import { systemMailCommands } from './commands/system-mail.ts'
import { workspaceCommands } from './commands/workspaces.ts'
import type { Noun } from './help.ts'

const working: readonly Command[] = [
  startCommand,
  statusCommand,
  sendCommand,
  ...messageCommands,
  ...eventCommands,
  queueCommand,
  ledgerCommand,
  ...inboxCommands,
  ...domainCommands,
  ...senderCommands,
  ...suppressionCommands,
  ...webhookCommands,
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
  ...changeCommands,
  ...keyringCommands,
  ...honeyCommands,
  ...staffMemberCommands,
  ...staffLookCommands,
  ...staffActCommands,
  inventoryCommand,
]

const NOUN_SUMMARIES: Readonly<Record<string, string>> = {
  messages: 'What was sent and what became of it',
  events: 'Everything that happened, for programs that poll',
  inbox: 'Captured mail, in development',
  domains: 'Sending domains and their DNS records',
  senders: 'Addresses that may appear in From',
  suppressions: 'Addresses that get no mail',
  webhooks: 'Endpoints that are told of events',
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
  audit: 'Who did what, with proofs',
  alerts: 'What was noticed around the accounts of people',
  honey: 'Accounts that nobody has, to notice who has a list',
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
