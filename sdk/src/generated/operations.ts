// Made by npm run gen from the operation registry. Do not edit: change the operation and run it again.

import { streamEvents, type LiveEvent, type StreamOptions } from '../event-stream.ts'
import { eachItem } from '../pages.ts'
import { segment, type CallOptions, type MimeSource, type SendOptions, type Transport } from '../transport.ts'

export interface AcceptedMessage {
  readonly id: string
  readonly recipients: readonly ({
    readonly number: number
    readonly email: string
    readonly state: "pending" | "scheduled" | "held" | "delivered" | "bounced" | "expired" | "suppressed" | "cancelled" | "uncertain"
  })[]
}

export type Address = string | {
  readonly email: string
  readonly name?: string
}

export interface BatchOutcome {
  readonly index: number
  /** 202 accepted, else the status this message would have had alone. */
  readonly status: number
  readonly message?: AcceptedMessage
  readonly problem?: Problem
}

export interface CapturedView {
  /** A path on this server. With &scheme=dark it shows the variant for dark mode. */
  readonly url: string
  readonly expiresAt: string
  /** Images, styles and fonts from elsewhere that the message names; none of them is loaded. */
  readonly remoteResources: number
}

export interface Event {
  readonly id: string
  readonly type: string
  readonly at: string
  readonly messageId: string
  readonly recipient: number | null
  readonly detail: Readonly<Record<string, unknown>>
}

export interface Message {
  readonly id: string
  readonly lane: string
  readonly source: string
  readonly sensitive: boolean
  readonly from: {
    readonly email: string
    readonly name?: string
  } | null
  readonly to: readonly string[]
  readonly subject: string | null
  readonly tags: readonly string[]
  readonly sizeBytes: number
  readonly recipientCount: number
  /** How many recipients are in which state. */
  readonly states: Readonly<Partial<Record<"pending" | "scheduled" | "held" | "delivered" | "bounced" | "expired" | "suppressed" | "cancelled" | "uncertain", number>>>
  readonly createdAt: string
  readonly sendAt: string | null
  readonly expiresAt: string
  readonly messageIdHeader: string | null
  readonly metadata: Readonly<Record<string, string | number | boolean>>
  readonly context: {
    readonly event?: string
    readonly actorIp?: string
    readonly accountRef?: string
  } | null
  readonly recipients: readonly Recipient[]
  readonly timeline: readonly TimelineEntry[]
}

export interface MessageSummary {
  readonly id: string
  readonly lane: string
  readonly source: string
  readonly sensitive: boolean
  readonly from: {
    readonly email: string
    readonly name?: string
  } | null
  readonly to: readonly string[]
  readonly subject: string | null
  readonly tags: readonly string[]
  readonly sizeBytes: number
  readonly recipientCount: number
  /** How many recipients are in which state. */
  readonly states: Readonly<Partial<Record<"pending" | "scheduled" | "held" | "delivered" | "bounced" | "expired" | "suppressed" | "cancelled" | "uncertain", number>>>
  readonly createdAt: string
  readonly sendAt: string | null
  readonly expiresAt: string
}

export interface Problem {
  /** A path that names the kind of problem; documented in docs/api.md. */
  readonly type: string
  readonly title: string
  readonly status: number
  /** The stable name of the fault. */
  readonly code: string
  /** What is wrong with this request, and what to do. */
  readonly detail: string
  /** One entry per field that is wrong. */
  readonly errors?: readonly ({
    readonly field: string
    readonly problem: string
    readonly fix?: string
  })[]
  readonly requestId?: string
  /** Of code step_up_required: how old the last strong authentication may be. */
  readonly maxAgeSeconds?: number
  /** Of code contained: the id of the containment. */
  readonly containment?: string
  /** Of code contained: what is cut off. */
  readonly capability?: string
  /** Of code contained: security_hold, policy, billing or abuse. */
  readonly reasonCode?: string
  /** Of code contained: why. */
  readonly reason?: string
  /** Of code contained: the incident, where there is one. */
  readonly incident?: string | null
  /** Of code contained: when it ends by itself. */
  readonly until?: string
  /** Of code contained: where to object. */
  readonly appeal?: string
}

export interface Recipient {
  readonly number: number
  readonly kind: "to" | "cc" | "bcc" | "envelope"
  readonly email: string
  readonly state: "pending" | "scheduled" | "held" | "delivered" | "bounced" | "expired" | "suppressed" | "cancelled" | "uncertain"
  readonly attempts: number
  readonly nextAttemptAt: string | null
}

export interface SendRequest {
  /** An address of a verified domain of the workspace. */
  readonly from: Address
  readonly to: Address | readonly Address[]
  readonly cc?: Address | readonly Address[] | undefined
  readonly bcc?: Address | readonly Address[] | undefined
  readonly replyTo?: Address | readonly Address[] | undefined
  readonly subject: string
  readonly html?: string | undefined
  readonly text?: string | undefined
  /** Extra header fields. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly attachments?: readonly ({
    readonly filename: string
    /** Base64. */
    readonly content: string
    /** Guessed from the file name where absent. */
    readonly contentType?: string | undefined
    /** For inline images: <img src="cid:…">. */
    readonly contentId?: string | undefined
    readonly inline?: boolean | undefined
  })[] | undefined
  readonly tags?: readonly string[] | undefined
  readonly metadata?: Readonly<Record<string, string | number | boolean>> | undefined
  /** Not before this time; at most 30 days ahead. */
  readonly sendAt?: string | undefined
  /** Give up at this time. */
  readonly expiresAt?: string | undefined
  /** Default transactional. */
  readonly lane?: "critical" | "transactional" | "bulk" | undefined
  /** Password resets, codes, invitations: one recipient and no copies, over after four hours, content readable by nobody and erased once settled. */
  readonly sensitive?: boolean | undefined
  /** What caused this message; lets resets of many accounts from one address be seen. */
  readonly context?: {
    readonly event?: string | undefined
    readonly actorIp?: string | undefined
    readonly accountRef?: string | undefined
  } | undefined
}

export interface TimelineEntry {
  readonly id: string
  /** message.accepted, .deferred, .delivered, .bounced, .expired, .suppressed, .cancelled, .uncertain, … */
  readonly type: string
  readonly at: string
  /** Number of the recipient; null where it concerns the message. */
  readonly recipient: number | null
  /** Reply, host, TLS, duration, next attempt. */
  readonly detail: Readonly<Record<string, unknown>>
}

export interface PeopleItem {
  readonly id: string
  readonly createdAt: string
  readonly disabledAt: string | null
  /** Its address was probed. */
  readonly flaggedAt: string | null
  /** How many it is a member of. */
  readonly workspaces: number
}

export interface Member {
  readonly id: string
  readonly personId: string
  readonly email: string
  readonly name: string | null
  /** Null where a permission set says what this member may do. */
  readonly role: "owner" | "admin" | "developer" | "marketer" | "analyst" | "auditor" | null
  readonly permissionSet: {
    readonly id: string
    readonly name: string
  } | null
  /** What this member may do here. */
  readonly scopes: readonly string[]
  readonly createdAt: string
  /** Who let this member in. */
  readonly invitedBy: string
  /** Of any session that opens this workspace; to within half a minute. */
  readonly lastSeenAt: string | null
}

export interface PermissionSet {
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly createdAt: string
}

export interface Invitation {
  readonly id: string
  readonly email: string
  readonly role: "owner" | "admin" | "developer" | "marketer" | "analyst" | "auditor" | null
  readonly permissionSetId: string | null
  readonly state: "open" | "accepted" | "revoked" | "expired"
  readonly invitedBy: string
  readonly createdAt: string
  /** When the letter went out; null: it did not yet, send it again. */
  readonly sentAt: string | null
  readonly expiresAt: string
}

export interface Domain {
  readonly id: string
  readonly name: string
  /** Mail may be sent from verified domains only. */
  readonly state: "pending" | "verified" | "failing"
  readonly createdAt: string
  readonly verifiedAt: string | null
  readonly checkedAt: string | null
  /** Since when a verified domain lacks its records; it stays usable for 72 hours. */
  readonly failingSince: string | null
  /** Until when mail from it is held, because it is new in an established workspace; another owner can let it go (changes.approve). */
  readonly inertUntil: string | null
  /** The DNS records to publish. */
  readonly records: readonly ({
    readonly purpose: "dkim" | "dkim-standby" | "dkim-ed25519" | "return-path" | "dmarc"
    readonly type: "CNAME" | "TXT"
    /** The full name to publish at. */
    readonly name: string
    /** What to publish. */
    readonly value: string
    /** Whether the domain can be used without it. */
    readonly required: boolean
    readonly state: "pending" | "ok" | "wrong" | "missing" | "unknown"
    /** What DNS answered at the last check. */
    readonly found: readonly string[]
    /** What to change. */
    readonly advice: string | null
  })[]
}

export interface Sender {
  readonly id: string
  readonly email: string
  readonly name: string | null
  readonly replyTo: string | null
  readonly createdAt: string
  /** Until when mail from it is held, because it is new in an established workspace; another owner can let it go (changes.approve). */
  readonly inertUntil: string | null
}

export interface Suppression {
  readonly id: string
  /** Null where the address came from a sensitive message, whose key is destroyed. */
  readonly email: string | null
  readonly reason: "hard_bounce" | "complaint" | "unsubscribe" | "manual"
  readonly note: string | null
  /** The message whose bounce caused it. */
  readonly messageId: string | null
  /** The reply that caused it. */
  readonly evidence: Readonly<Record<string, unknown>> | null
  readonly createdAt: string
}

export interface Webhook {
  readonly id: string
  readonly url: string
  readonly description: string | null
  readonly eventTypes: readonly string[]
  readonly state: "enabled" | "disabled"
  /** Why it was switched off. */
  readonly disabledReason: string | null
  /** Since when no delivery has succeeded. */
  readonly failingSince: string | null
  /** Until when the secret before the last rotation signs as well. */
  readonly previousSecretExpiresAt: string | null
  readonly createdAt: string
  /** Until when it gets no security.alert, because it or its URL is new in an established workspace; other events it gets. */
  readonly inertUntil: string | null
}

export interface WebhookDelivery {
  /** Sent as the header webhook-id; the same for every try and replay. */
  readonly id: string
  /** Give it as cursor to get what was committed after this one. */
  readonly cursor: string
  readonly sequence: number
  readonly eventId: string
  readonly type: string
  readonly messageId: string | null
  /** Number of the recipient in the message. */
  readonly recipient: number | null
  readonly state: "pending" | "delivered" | "failed"
  readonly attempts: number
  readonly nextAttemptAt: string | null
  /** HTTP status of the last try. */
  readonly lastStatus: number | null
  readonly lastError: string | null
  readonly createdAt: string
  readonly settledAt: string | null
}

export interface ApiKey {
  readonly id: string
  readonly name: string
  /** The public start of the key; names it in lists and logs. */
  readonly prefix: string
  readonly scopes: readonly string[]
  readonly createdAt: string
  /** Networks from which it works; empty: all. */
  readonly allowedCidrs: readonly string[]
  /** As whom it may send; empty: all. */
  readonly allowedSenders: readonly string[]
  /** What a report of a leak does. tighten: 72 more hours from the networks where it worked before. by_scope: tighten a key that can only send, revoke every other. */
  readonly onLeak: "by_scope" | "revoke" | "tighten"
  readonly expiresAt: string | null
  /** The end that a rotation or the answer to a leak has set. */
  readonly endsAt: string | null
  /** When it was reported as leaked. */
  readonly leakedAt: string | null
  /** The key whose place it takes. */
  readonly rotatedFrom: string | null
  readonly revokedAt: string | null
  /** Ended together with all others of its kind: see epochs. */
  readonly killed: boolean
  /** Kept to within half a minute. */
  readonly lastUsedAt: string | null
  readonly lastUsedFrom: {
    /** /24 of IPv4, /48 of IPv6; the address itself is not kept. */
    readonly network: string
    /** The first word of the User-Agent. */
    readonly program: string | null
  } | null
}

export interface SmtpCredential {
  readonly id: string
  readonly name: string
  readonly username: string
  /** Networks from which it works; empty: all. */
  readonly allowedCidrs: readonly string[]
  /** As whom it may send; empty: all. */
  readonly allowedSenders: readonly string[]
  readonly createdAt: string
  readonly expiresAt: string | null
  /** The end that a rotation has set. */
  readonly endsAt: string | null
  /** The credential whose place it takes. */
  readonly rotatedFrom: string | null
  readonly revokedAt: string | null
  /** Ended together with all others of its kind: see epochs. */
  readonly killed: boolean
  /** Kept to within half a minute. */
  readonly lastUsedAt: string | null
  readonly lastUsedFrom: {
    /** /24 of IPv4, /48 of IPv6; the address itself is not kept. */
    readonly network: string
    /** The first word of the User-Agent. */
    readonly program: string | null
  } | null
}

export interface FederationRule {
  readonly id: string
  readonly name: string
  /** URL of the platform that vouches for the workload. */
  readonly issuer: string
  readonly audience: string
  /** The workload. * stands for any characters but :, and at the end for any. */
  readonly subject: string
  readonly claims: Readonly<Record<string, string | boolean | number>>
  readonly scopes: readonly string[]
  readonly lifetimeSeconds: number
  /** Networks from which it works; empty: all. */
  readonly allowedCidrs: readonly string[]
  /** As whom it may send; empty: all. */
  readonly allowedSenders: readonly string[]
  readonly createdAt: string
  readonly createdBy: string
  readonly lastUsedAt: string | null
  readonly revokedAt: string | null
}

export interface Containment {
  readonly id: string
  readonly scope: "installation" | "workspace" | "member" | "credential"
  /** The API key, SMTP credential or person that it binds; null: all. */
  readonly credential: string | null
  /** The kind of process that it binds; any: all. */
  readonly actorClass: "api" | "smtp" | "sender" | "worker" | "any"
  readonly capabilities: readonly ("send" | "send:critical" | "send:transactional" | "send:bulk" | "send:internal" | "deliver" | "deliver:critical" | "deliver:transactional" | "deliver:bulk" | "deliver:internal" | "read" | "write" | "sender-change" | "credential" | "webhook")[]
  readonly reasonCode: "security_hold" | "policy" | "billing" | "abuse"
  /** What the blocked party is told. */
  readonly reason: string
  readonly incident: string | null
  readonly evidence: string | null
  /** When it ends by itself. */
  readonly until: string
  readonly inForce: boolean
  /** A requested lift is still in force. */
  readonly state: "active" | "lift_requested" | "lifted" | "expired"
  readonly madeBy: string
  /** Who may lift it. */
  readonly liftableBy: "workspace" | "staff"
  readonly madeAt: string
  readonly endedAt: string | null
  /** The two people of the lift. */
  readonly approvals: readonly ({
    readonly step: "request" | "approval"
    readonly actor: string
    readonly reason: string
    readonly at: string
  })[]
}

export interface InboxItem {
  readonly id: string
  readonly messageId: string | null
  /** The From header, or the envelope sender. */
  readonly from: string
  /** The envelope recipients. */
  readonly to: readonly string[]
  readonly subject: string | null
  readonly receivedAt: string
  readonly sizeBytes: number
}

export interface AuditItem {
  /** Place in the log of the installation, from 0. */
  readonly index: number
  /** Counts the records of this workspace from 1 without gaps; null once erased. */
  readonly number: number | null
  readonly at: string
  /** Who: api_key:…, operator:…, staff:…, process:…. */
  readonly actor: string
  readonly action: string
  /** What was touched. */
  readonly target: string | null
  /** The process that acted. */
  readonly process: string | null
  /** Null once the record is erased. */
  readonly detail: Readonly<Record<string, unknown>> | null
}

export interface Workspace {
  readonly id: string
  readonly name: string
  readonly createdAt: string
}

export interface Change {
  readonly id: string
  /** sender.added, domain.removed, webhook.changed, owner.added, … */
  readonly kind: string
  /** Id of the sender, domain, webhook or member. */
  readonly target: string
  /** The address, domain, host or role. */
  readonly subject: string | null
  readonly at: string
  /** Who made it; null where nobody known to the product did. */
  readonly actor: string | null
  /** Until then it does nothing; null where it counts. */
  readonly inertUntil: string | null
  readonly state: "open" | "approved" | "rejected"
  readonly decidedBy: string | null
  readonly decidedAt: string | null
  /** The audit log knows of no act behind it. */
  readonly unexplained: boolean
  /** Messages from it that wait. */
  readonly messagesHeld: number
  /** How many were told: mail.sent, mail.pending, webhook.sent, webhook.pending, … */
  readonly notices: Readonly<Record<string, number>>
}

export interface Alert {
  readonly id: string
  /** Which rule: docs/detection.md. */
  readonly kind: string
  readonly severity: "medium" | "high" | "critical"
  /** What was seen. */
  readonly text: string
  /** What to do. */
  readonly advice: string
  /** Where one person alone is concerned. */
  readonly personId: string | null
  /** The same for the same client or workspace; tells nothing else. */
  readonly about: string
  /** Counts. */
  readonly detail: Readonly<Record<string, unknown>>
  /** How often it was found again while it went on. */
  readonly occurrences: number
  readonly createdAt: string
  readonly lastAt: string
  readonly acknowledgedAt: string | null
  readonly acknowledgedBy: string | null
}

export interface AccountSignUpInput {
  /** One address, like ann@example.com. */
  readonly email: string
}

export interface AccountSignUpOutput {
  /** The same whoever has the address, or nobody. */
  readonly status: "check_your_mail"
}

export interface AccountCompleteSignUpInput {
  /** What stands behind the # of the link in the letter. */
  readonly token: string
  /** What you want to be called. */
  readonly name?: string | undefined
  readonly password?: string | undefined
  readonly workspaceName?: string | undefined
  /** `token` answers it, for programs; a browser gets it in a cookie. Default: "cookie". */
  readonly transport?: "cookie" | "token" | undefined
}

export interface AccountCompleteSignUpOutput {
  readonly id: string
  /** `enrolment` can do nothing but add a second factor, within an hour. */
  readonly level: "enrolment" | "full"
  /** The second factor that was shown. */
  readonly factor: "none" | "totp" | "passkey" | "recovery" | "sso"
  readonly expiresAt: string
  /** Of transport token; in a browser the session is in a cookie that scripts do not see. */
  readonly token: string | null
}

export interface AccountRequestResetInput {
  /** One address, like ann@example.com. */
  readonly email: string
}

export interface AccountCompleteResetInput {
  /** What stands behind the # of the link in the letter. */
  readonly token: string
  readonly password: string
}

export interface AccountConfirmEmailInput {
  /** What stands behind the # of the link in the letter. */
  readonly token: string
}

export interface AccountConfirmEmailOutput {
  readonly takesEffectAt: string
}

export interface AccountUndoEmailInput {
  /** What stands behind the # of the link in the letter. */
  readonly token: string
}

export interface AccountRequestRecoveryInput {
  /** One address, like ann@example.com. */
  readonly email: string
}

export interface AccountConfirmRecoveryInput {
  /** What stands behind the # of the link in the letter. */
  readonly token: string
}

export interface AccountConfirmRecoveryOutput {
  readonly id: string
  readonly state: "waiting" | "done" | "cancelled" | "expired"
  /** 72 hours after its beginning; nothing happens before. */
  readonly readyAt: string
  readonly expiresAt: string
  /** Whether time and approvals are all there. */
  readonly isReady: boolean
  readonly needs: readonly ({
    readonly workspace: {
      readonly id: string
      readonly name: string
    }
    /** people: others of the workspace approve; dns: nobody else can, so a record must stand in DNS. */
    readonly way: "people" | "dns"
    readonly needed: number
    readonly given: number
    /** One of these is enough. Empty where the workspace has no verified domain. */
    readonly records: readonly ({
      readonly type: "TXT"
      readonly name: string
      readonly value: string
    })[]
  })[]
  readonly operator: {
    readonly isNeeded: boolean
    readonly hasApproved: boolean
  }
}

export interface AccountCancelRecoveryInput {
  /** What stands behind the # of the link in the letter. */
  readonly token: string
}

export interface AccountCompleteRecoveryInput {
  /** What stands behind the # of the link in the letter. */
  readonly token: string
  readonly password?: string | undefined
  /** `token` answers it, for programs; a browser gets it in a cookie. Default: "cookie". */
  readonly transport?: "cookie" | "token" | undefined
}

export interface AccountGetOutput {
  readonly id: string
  readonly email: string
  readonly name: string | null
  readonly createdAt: string
  readonly hasPassword: boolean
  readonly passwordSetAt: string | null
  readonly factors: {
    readonly passkeys: number
    readonly totp: boolean
    readonly recoveryCodesLeft: number
  }
  /** The session that asks. */
  readonly session: {
    readonly id: string
    readonly level: "enrolment" | "full"
    readonly factor: "none" | "totp" | "passkey" | "recovery" | "sso"
    /** Since the second factor was last shown. */
    readonly strongAgeSeconds: number | null
  }
  readonly workspaces: readonly ({
    readonly id: string
    readonly name: string
    readonly role: string
    readonly since: string
  })[]
  readonly emailChange: {
    readonly email: string
    readonly isConfirmed: boolean
    /** Until then everything goes to the old address. */
    readonly takesEffectAt: string | null
  } | null
  /** A recovery that runs. If it is not yours, stop it: DELETE /v1/account/recovery. */
  readonly recovery: {
    readonly id: string
    readonly readyAt: string
  } | null
}

export interface AccountUpdateInput {
  readonly name: string | null
}

export interface AccountSetPasswordInput {
  readonly password: string
}

export interface AccountChangeEmailInput {
  /** One address, like ann@example.com. */
  readonly email: string
}

export interface RecoveriesListOutput {
  readonly data: readonly ({
    readonly id: string
    readonly state: "waiting" | "done" | "cancelled" | "expired"
    /** 72 hours after its beginning; nothing happens before. */
    readonly readyAt: string
    readonly expiresAt: string
    /** Whether time and approvals are all there. */
    readonly isReady: boolean
    readonly needs: readonly ({
      readonly workspace: {
        readonly id: string
        readonly name: string
      }
      /** people: others of the workspace approve; dns: nobody else can, so a record must stand in DNS. */
      readonly way: "people" | "dns"
      readonly needed: number
      readonly given: number
      /** One of these is enough. Empty where the workspace has no verified domain. */
      readonly records: readonly ({
        readonly type: "TXT"
        readonly name: string
        readonly value: string
      })[]
    })[]
    readonly operator: {
      readonly isNeeded: boolean
      readonly hasApproved: boolean
    }
    readonly personId: string
  })[]
}

export interface PeopleListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface PeopleListOutput {
  readonly data: readonly PeopleItem[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface PeopleFindInput {
  /** One address, like ann@example.com. */
  readonly email: string
}

export interface PeopleFindOutput {
  readonly id: string
}

export interface PeopleSignOutOutput {
  /** How many there were. */
  readonly ended: number
}

export interface MembersListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface MembersListOutput {
  readonly data: readonly Member[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface MembersChangeInput {
  readonly role?: "owner" | "admin" | "developer" | "marketer" | "analyst" | "auditor" | undefined
  /** pst_…, in place of a role. */
  readonly permissionSetId?: string | undefined
}

export interface MembersRemoveInput {
  /** What becomes of the keys that the member made. */
  readonly credentials: "keep" | "revoke"
}

export interface MembersRemoveOutput {
  /** How many live credentials were revoked, or kept. */
  readonly credentials: number
}

export interface MembersSessionsOutput {
  readonly data: readonly ({
    readonly id: string
    /** Kind of browser and system. */
    readonly device: string
    /** The network it was made from: the first three bytes, in IPv6 the first six. */
    readonly network: string
    readonly factor: "none" | "totp" | "passkey" | "recovery" | "sso"
    readonly createdAt: string
    readonly lastSeenAt: string
    readonly expiresAt: string
  })[]
}

export interface MembersEndSessionsInput {
  /** Kept in the audit log. */
  readonly reason: string
}

export interface AccountWorkspacesOutput {
  readonly data: readonly ({
    readonly id: string
    readonly name: string
    readonly role: "owner" | "admin" | "developer" | "marketer" | "analyst" | "auditor" | null
    readonly permissionSet: string | null
    readonly memberSince: string
    /** What it takes to act there. */
    readonly secondFactor: "optional" | "required" | "passkey"
    /** Members other than owners sign in through its own provider. */
    readonly ssoRequired: boolean
  })[]
}

export interface AccountCreateWorkspaceInput {
  readonly name: string
}

export interface PermissionSetsCreateInput {
  readonly name: string
  readonly scopes: readonly ("messages:send" | "messages:read" | "domains:read" | "domains:write" | "senders:read" | "senders:write" | "suppressions:read" | "suppressions:write" | "webhooks:read" | "webhooks:write" | "api-keys:read" | "api-keys:write" | "smtp-credentials:read" | "smtp-credentials:write" | "credentials:kill" | "containments:read" | "containments:write" | "audit:read" | "inbox:read" | "inbox:write" | "workspace:read" | "operations:read" | "alerts:read" | "alerts:write" | "members:read" | "members:write" | "policies:read" | "policies:write" | "federation:read" | "federation:write")[]
}

export interface PermissionSetsListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface PermissionSetsListOutput {
  readonly data: readonly PermissionSet[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface PermissionSetsUpdateInput {
  readonly name?: string | undefined
  readonly scopes?: readonly ("messages:send" | "messages:read" | "domains:read" | "domains:write" | "senders:read" | "senders:write" | "suppressions:read" | "suppressions:write" | "webhooks:read" | "webhooks:write" | "api-keys:read" | "api-keys:write" | "smtp-credentials:read" | "smtp-credentials:write" | "credentials:kill" | "containments:read" | "containments:write" | "audit:read" | "inbox:read" | "inbox:write" | "workspace:read" | "operations:read" | "alerts:read" | "alerts:write" | "members:read" | "members:write" | "policies:read" | "policies:write" | "federation:read" | "federation:write")[] | undefined
}

export interface InvitationsCreateInput {
  readonly email: string
  readonly role?: "owner" | "admin" | "developer" | "marketer" | "analyst" | "auditor" | undefined
  /** pst_…, in place of a role. */
  readonly permissionSetId?: string | undefined
}

export interface InvitationsCreateFirstOwnerInput {
  readonly email: string
}

export interface InvitationsListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface InvitationsListOutput {
  readonly data: readonly Invitation[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface InvitationsAcceptInput {
  /** What stands after # in the link. */
  readonly token: string
}

export interface InvitationsAcceptOutput {
  readonly workspaceId: string
  readonly workspace: string
}

export interface PoliciesGetOutput {
  readonly secondFactor: "optional" | "required" | "passkey"
  readonly sessionHours: number
  readonly allowedCidrs: readonly string[]
  readonly signInDomains: readonly string[]
  readonly ssoRequired: boolean
  /** A change that would lock its author out: another owner confirms it from where it leaves open. */
  readonly pending: {
    readonly policy: {
      readonly secondFactor: "optional" | "required" | "passkey"
      readonly sessionHours: number
      readonly allowedCidrs: readonly string[]
      readonly signInDomains: readonly string[]
      readonly ssoRequired: boolean
    }
    readonly requestedBy: string
    readonly until: string
  } | null
  /** Members whose address lies in none of signInDomains. At most 500 members are looked at. */
  readonly outsiders: readonly ({
    readonly memberId: string
    readonly email: string
  })[]
}

export interface PoliciesChangeInput {
  /** optional: a password is enough; required: any second factor; passkey: a passkey, or the own provider. */
  readonly secondFactor?: "optional" | "required" | "passkey" | undefined
  /** How long after log-in a session opens this workspace. */
  readonly sessionHours?: number | undefined
  /** Networks from which members may act, such as 203.0.113.0/24 or 2001:db8::/32; empty: all. API keys have their own. */
  readonly allowedCidrs?: readonly string[] | undefined
  /** Domains of addresses that may be invited; empty: all. Members from elsewhere stay and are listed. */
  readonly signInDomains?: readonly string[] | undefined
  /** Members other than owners sign in through the connected provider. */
  readonly ssoRequired?: boolean | undefined
}

export interface SsoGetConnectionOutput {
  readonly issuer: string
  readonly clientId: string
  /** Domains of the addresses that the provider may speak for. */
  readonly domains: readonly string[]
  /** What newcomers become; null: only who is invited comes in. */
  readonly defaultRole: "owner" | "admin" | "developer" | "marketer" | "analyst" | "auditor" | null
  /** To be registered at the provider. */
  readonly redirectUri: string
  /** When it was last tried; until then nobody signs in through it. */
  readonly testedAt: string | null
  readonly changedAt: string
}

export interface SsoConnectInput {
  /** Issuer URL, https. */
  readonly issuer: string
  readonly clientId: string
  /** Left out: the one that is stored. */
  readonly clientSecret?: string | undefined
  /** Domains of the addresses that the provider may speak for. */
  readonly domains: readonly string[]
  /** What newcomers become; null: only who is invited comes in. Default: null. */
  readonly defaultRole?: "admin" | "developer" | "marketer" | "analyst" | "auditor" | null | undefined
}

export interface SsoTestOutput {
  /** Send the browser there. */
  readonly url: string
  /** Keep it in this tab, and give it to POST /v1/sso/finish. */
  readonly verifier: string
  readonly expiresAt: string
}

export interface SsoStartInput {
  readonly email?: string | undefined
  readonly workspaceId?: string | undefined
  /** The provider shall ask again: for what needs the second factor shown lately. Default: false. */
  readonly fresh?: boolean | undefined
}

export interface SsoFinishInput {
  readonly code: string
  readonly state: string
  /** The parameter iss (RFC 9207), where it came. */
  readonly issuer?: string | undefined
  readonly verifier: string
  /** `token` answers it, for programs; a browser gets it in a cookie. Default: "cookie". */
  readonly transport?: "cookie" | "token" | undefined
}

export interface SsoFinishOutput {
  /** Null after a test. */
  readonly session: AccountCompleteSignUpOutput | null
  readonly workspaceId: string | null
  /** The address that the provider told, of a test. */
  readonly testedWith: string | null
}

export interface MessagesSendBatchInput {
  readonly messages: readonly SendRequest[]
}

export interface MessagesSendBatchOutput {
  readonly accepted: number
  readonly refused: number
  readonly data: readonly BatchOutcome[]
}

export interface MessagesSendMimeInput {
  /** The reverse-path; default the address in From. */
  readonly from?: string | undefined
  /** Envelope recipients; repeat the parameter for several. */
  readonly to?: string | readonly string[] | undefined
  readonly lane?: "critical" | "transactional" | "bulk" | undefined
  readonly sensitive?: "true" | "false" | undefined
  readonly tag?: string | readonly string[] | undefined
  readonly sendAt?: string | undefined
  readonly expiresAt?: string | undefined
}

export interface MessagesListInput {
  /** Messages with a recipient in this state. */
  readonly state?: "pending" | "scheduled" | "held" | "delivered" | "bounced" | "expired" | "suppressed" | "cancelled" | "uncertain" | undefined
  readonly lane?: "critical" | "transactional" | "bulk" | "internal" | undefined
  readonly tag?: string | undefined
  /** An exact address, found by its blind index. */
  readonly recipient?: string | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly cursor?: string | undefined
  /** Default: 50. */
  readonly limit?: number | undefined
}

export interface MessagesListOutput {
  readonly data: readonly MessageSummary[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface MessagesCancelOutput {
  readonly cancelled: number
  /** Recipients that are being attempted and could not be cancelled. */
  readonly inFlight: number
}

export interface MessagesRescheduleInput {
  readonly sendAt: string
  readonly expiresAt?: string | undefined
}

export interface MessagesRescheduleOutput {
  readonly rescheduled: number
  readonly sendAt: string
  readonly expiresAt: string
}

export interface EventsListInput {
  readonly cursor?: string | undefined
  /** Default: 100. */
  readonly limit?: number | undefined
}

export interface EventsListOutput {
  readonly data: readonly Event[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface LedgerGetOutput {
  readonly accepted: number
  readonly delivered: number
  readonly bounced: number
  readonly expired: number
  readonly suppressed: number
  readonly cancelled: number
  readonly uncertain: number
  readonly pending: number
  readonly scheduled: number
  readonly held: number
  /** Whether the equation holds. */
  readonly balanced: boolean
  /** Recipients that neither wait nor ended; must be 0. */
  readonly lost: number
  /** Recipients that both wait and ended; must be 0. */
  readonly doubled: number
}

export interface QueueGetOutput {
  readonly data: readonly ({
    readonly lane: "critical" | "transactional" | "bulk" | "internal"
    readonly state: string
    readonly recipients: number
    readonly oldestDue: string | null
  })[]
}

export interface DomainsAddInput {
  /** The domain, such as example.com. */
  readonly name: string
}

export interface DomainsListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface DomainsListOutput {
  readonly data: readonly Domain[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface SendersCreateInput {
  readonly email: string
  readonly name?: string | undefined
  readonly replyTo?: string | undefined
}

export interface SendersListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface SendersListOutput {
  readonly data: readonly Sender[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface SuppressionsAddInput {
  readonly email: string
  /** Default: "manual". */
  readonly reason?: "hard_bounce" | "complaint" | "unsubscribe" | "manual" | undefined
  /** For people. Stored sealed. */
  readonly note?: string | undefined
}

export interface SuppressionsListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  /** Only this address. */
  readonly email?: string | undefined
  readonly reason?: "hard_bounce" | "complaint" | "unsubscribe" | "manual" | undefined
}

export interface SuppressionsListOutput {
  readonly data: readonly Suppression[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface SuppressionsDeleteByEmailInput {
  readonly email: string
}

export interface WebhooksCreateInput {
  readonly url: string
  readonly description?: string | undefined
  /** Which events to send; an empty list means all but audit.recorded, which is sent where it is named. Default: []. */
  readonly eventTypes?: readonly ("message.accepted" | "message.delivered" | "message.deferred" | "message.bounced" | "message.expired" | "message.suppressed" | "message.cancelled" | "message.uncertain" | "message.held" | "message.released" | "containment.changed" | "audit.recorded" | "security.alert")[] | undefined
}

export interface WebhooksCreateOutput {
  readonly id: string
  readonly url: string
  readonly description: string | null
  readonly eventTypes: readonly string[]
  readonly state: "enabled" | "disabled"
  /** Why it was switched off. */
  readonly disabledReason: string | null
  /** Since when no delivery has succeeded. */
  readonly failingSince: string | null
  /** Until when the secret before the last rotation signs as well. */
  readonly previousSecretExpiresAt: string | null
  readonly createdAt: string
  /** Until when it gets no security.alert, because it or its URL is new in an established workspace; other events it gets. */
  readonly inertUntil: string | null
  /** The signing secret, `whsec_…` (Standard Webhooks). It is shown this once. */
  readonly secret: string
}

export interface WebhooksListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface WebhooksListOutput {
  readonly data: readonly Webhook[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface WebhooksUpdateInput {
  readonly url?: string | undefined
  /** An empty text removes it. */
  readonly description?: string | undefined
  /** Which events to send; an empty list means all but audit.recorded, which is sent where it is named. */
  readonly eventTypes?: readonly ("message.accepted" | "message.delivered" | "message.deferred" | "message.bounced" | "message.expired" | "message.suppressed" | "message.cancelled" | "message.uncertain" | "message.held" | "message.released" | "containment.changed" | "audit.recorded" | "security.alert")[] | undefined
  readonly state?: "enabled" | "disabled" | undefined
}

export interface WebhooksDeliveriesInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  readonly state?: "pending" | "delivered" | "failed" | undefined
}

export interface WebhooksDeliveriesOutput {
  readonly data: readonly WebhookDelivery[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface ApiKeysCreateInput {
  /** What the key is for. */
  readonly name: string
  /** Default: those of the key that asks. */
  readonly scopes?: readonly ("messages:send" | "messages:read" | "domains:read" | "domains:write" | "senders:read" | "senders:write" | "suppressions:read" | "suppressions:write" | "webhooks:read" | "webhooks:write" | "api-keys:read" | "api-keys:write" | "smtp-credentials:read" | "smtp-credentials:write" | "credentials:kill" | "containments:read" | "containments:write" | "audit:read" | "inbox:read" | "inbox:write" | "workspace:read" | "operations:read" | "alerts:read" | "alerts:write")[] | undefined
  /** Networks from which it works, such as 192.0.2.0/24. Empty: all. Default: those of the key that asks. */
  readonly allowedCidrs?: readonly string[] | undefined
  /** As whom it may send: ann@example.com or @example.com. Empty: all of the workspace. Default: those of the key that asks. */
  readonly allowedSenders?: readonly string[] | undefined
  /** Default: that of the key that asks, or never. */
  readonly expiresAt?: string | undefined
  /** What a report of a leak does. tighten: 72 more hours from the networks where it worked before. by_scope: tighten a key that can only send, revoke every other. Default: "by_scope". */
  readonly onLeak?: "by_scope" | "revoke" | "tighten" | undefined
}

export interface ApiKeysCreateOutput {
  readonly id: string
  readonly name: string
  /** The public start of the key; names it in lists and logs. */
  readonly prefix: string
  readonly scopes: readonly string[]
  readonly createdAt: string
  /** Networks from which it works; empty: all. */
  readonly allowedCidrs: readonly string[]
  /** As whom it may send; empty: all. */
  readonly allowedSenders: readonly string[]
  /** What a report of a leak does. tighten: 72 more hours from the networks where it worked before. by_scope: tighten a key that can only send, revoke every other. */
  readonly onLeak: "by_scope" | "revoke" | "tighten"
  readonly expiresAt: string | null
  /** The end that a rotation or the answer to a leak has set. */
  readonly endsAt: string | null
  /** When it was reported as leaked. */
  readonly leakedAt: string | null
  /** The key whose place it takes. */
  readonly rotatedFrom: string | null
  readonly revokedAt: string | null
  /** Ended together with all others of its kind: see epochs. */
  readonly killed: boolean
  /** Kept to within half a minute. */
  readonly lastUsedAt: string | null
  readonly lastUsedFrom: {
    /** /24 of IPv4, /48 of IPv6; the address itself is not kept. */
    readonly network: string
    /** The first word of the User-Agent. */
    readonly program: string | null
  } | null
  /** The key itself. It is shown this once and cannot be shown again. */
  readonly key: string
}

export interface ApiKeysListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface ApiKeysListOutput {
  readonly data: readonly ApiKey[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface ApiKeysRotateInput {
  /** How long the old one goes on working, in hours; 0 ends it at once. Default: 24. */
  readonly overlapHours?: number | undefined
}

export interface SmtpCredentialsCreateInput {
  /** What the credential is for. */
  readonly name: string
  /** Networks from which it works, such as 192.0.2.0/24. Empty: all. Default: those of the key that asks. */
  readonly allowedCidrs?: readonly string[] | undefined
  /** As whom it may send: ann@example.com or @example.com. Empty: all of the workspace. Default: those of the key that asks. */
  readonly allowedSenders?: readonly string[] | undefined
  /** Default: that of the key that asks, or never. */
  readonly expiresAt?: string | undefined
}

export interface SmtpCredentialsCreateOutput {
  readonly id: string
  readonly name: string
  readonly username: string
  /** Networks from which it works; empty: all. */
  readonly allowedCidrs: readonly string[]
  /** As whom it may send; empty: all. */
  readonly allowedSenders: readonly string[]
  readonly createdAt: string
  readonly expiresAt: string | null
  /** The end that a rotation has set. */
  readonly endsAt: string | null
  /** The credential whose place it takes. */
  readonly rotatedFrom: string | null
  readonly revokedAt: string | null
  /** Ended together with all others of its kind: see epochs. */
  readonly killed: boolean
  /** Kept to within half a minute. */
  readonly lastUsedAt: string | null
  readonly lastUsedFrom: {
    /** /24 of IPv4, /48 of IPv6; the address itself is not kept. */
    readonly network: string
    /** The first word of the User-Agent. */
    readonly program: string | null
  } | null
  /** The password. It is shown this once and cannot be shown again. */
  readonly password: string
}

export interface SmtpCredentialsListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface SmtpCredentialsListOutput {
  readonly data: readonly SmtpCredential[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface SmtpCredentialsRotateInput {
  /** How long the old one goes on working, in hours; 0 ends it at once. Default: 24. */
  readonly overlapHours?: number | undefined
}

export interface ApiKeysReportLeakInput {
  /** The key that leaked, whole. */
  readonly key: string
}

export interface ApiKeysReportLeakOutput {
  /** already: it was dead or reported before. unknown: it is no key of this installation, or mistyped. */
  readonly outcome: "revoked" | "tightened" | "already" | "unknown"
}

export interface FederationRulesCreateInput {
  /** What the workload is. */
  readonly name: string
  /** URL of the platform, such as https://token.actions.githubusercontent.com. */
  readonly issuer: string
  /** The audience that the workload asks its token for. */
  readonly audience: string
  /** The workload. * stands for any characters but :, and at the end for any; never at the beginning. */
  readonly subject: string
  /** Further claims of the token and the values that they must have. Default: {}. */
  readonly claims?: Readonly<Record<string, string | boolean | number>> | undefined
  readonly scopes: readonly ("messages:send" | "messages:read" | "domains:read" | "domains:write" | "senders:read" | "senders:write" | "suppressions:read" | "suppressions:write" | "webhooks:read" | "webhooks:write" | "api-keys:read" | "api-keys:write" | "smtp-credentials:read" | "smtp-credentials:write" | "credentials:kill" | "containments:read" | "containments:write" | "audit:read" | "inbox:read" | "inbox:write" | "workspace:read" | "operations:read" | "alerts:read" | "alerts:write")[]
  /** How long a key lives. Default: 900. */
  readonly lifetimeSeconds?: number | undefined
  /** Networks from which it works, such as 192.0.2.0/24. Empty: all. Default: those of the key that asks. */
  readonly allowedCidrs?: readonly string[] | undefined
  /** As whom it may send: ann@example.com or @example.com. Empty: all of the workspace. Default: those of the key that asks. */
  readonly allowedSenders?: readonly string[] | undefined
}

export interface FederationRulesListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface FederationRulesListOutput {
  readonly data: readonly FederationRule[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface FederationExchangeInput {
  /** The id of the rule, fdr_…. */
  readonly rule: string
  /** The OpenID Connect token of the workload. */
  readonly token: string
}

export interface FederationExchangeOutput {
  /** The key. It is shown this once and cannot be shown again. */
  readonly key: string
  readonly id: string
  readonly workspaceId: string
  readonly scopes: readonly string[]
  readonly expiresAt: string
}

export interface EpochsBumpInput {
  /** Which kind: `any` are all of them. */
  readonly class: "any" | "session" | "api_key" | "smtp_credential"
  /** Why, for the audit log: no personal data. */
  readonly reason: string
}

export interface EpochsBumpOutput {
  readonly scope: "installation" | "workspace" | "member"
  readonly class: "any" | "session" | "api_key" | "smtp_credential"
  /** Every credential that was made at or before this number is dead. */
  readonly floor: number
  readonly bumpedAt: string
  readonly reason: string
  /** Whether the key that asked still works; false where the floor reaches it. */
  readonly keySurvives: boolean
}

export interface EpochsListOutput {
  readonly data: readonly ({
    readonly scope: "installation" | "workspace" | "member"
    readonly class: "any" | "session" | "api_key" | "smtp_credential"
    /** Every credential that was made at or before this number is dead. */
    readonly floor: number
    readonly bumpedAt: string
    readonly reason: string
  })[]
}

export interface ContainmentsCreateInput {
  /** What is cut off. `send` and `deliver` cover all lanes; `send:bulk` one. */
  readonly capabilities: readonly ("send" | "send:critical" | "send:transactional" | "send:bulk" | "send:internal" | "deliver" | "deliver:critical" | "deliver:transactional" | "deliver:bulk" | "deliver:internal" | "read" | "write" | "sender-change" | "credential" | "webhook")[]
  /** Bind only this API key (key_…), SMTP credential (smtp_…) or person (per_…). Without it: the workspace. */
  readonly credential?: string | undefined
  /** Bind only this kind of process: api, smtp, sender, worker. Default any. Default: "any". */
  readonly actorClass?: "api" | "smtp" | "sender" | "worker" | "any" | undefined
  /** For how long, in hours; default 24, at most 30 days. */
  readonly hours?: number | undefined
  /** Until when, instead of hours. */
  readonly until?: string | undefined
  /** Default: "security_hold". */
  readonly reasonCode?: "security_hold" | "policy" | "billing" | "abuse" | undefined
  /** What the blocked party is told. */
  readonly reason: string
  /** Name or number of the incident. */
  readonly incident?: string | undefined
  /** Link to the evidence. */
  readonly evidence?: string | undefined
}

export interface ContainmentsCreateOutput {
  readonly id: string
  readonly scope: "installation" | "workspace" | "member" | "credential"
  /** The API key, SMTP credential or person that it binds; null: all. */
  readonly credential: string | null
  /** The kind of process that it binds; any: all. */
  readonly actorClass: "api" | "smtp" | "sender" | "worker" | "any"
  readonly capabilities: readonly ("send" | "send:critical" | "send:transactional" | "send:bulk" | "send:internal" | "deliver" | "deliver:critical" | "deliver:transactional" | "deliver:bulk" | "deliver:internal" | "read" | "write" | "sender-change" | "credential" | "webhook")[]
  readonly reasonCode: "security_hold" | "policy" | "billing" | "abuse"
  /** What the blocked party is told. */
  readonly reason: string
  readonly incident: string | null
  readonly evidence: string | null
  /** When it ends by itself. */
  readonly until: string
  readonly inForce: boolean
  /** A requested lift is still in force. */
  readonly state: "active" | "lift_requested" | "lifted" | "expired"
  readonly madeBy: string
  /** Who may lift it. */
  readonly liftableBy: "workspace" | "staff"
  readonly madeAt: string
  readonly endedAt: string | null
  /** The two people of the lift. */
  readonly approvals: readonly ({
    readonly step: "request" | "approval"
    readonly actor: string
    readonly reason: string
    readonly at: string
  })[]
  /** Transactions that were ended by force because they did not finish within 300 ms. */
  readonly ended: number
  /** Transactions of a database superuser that could not be ended; 0 unless something is wrong. */
  readonly unfinished: number
}

export interface ContainmentsListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface ContainmentsListOutput {
  readonly data: readonly Containment[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface ContainmentsPreviewInput {
  /** What is cut off. `send` and `deliver` cover all lanes; `send:bulk` one. */
  readonly capabilities: readonly ("send" | "send:critical" | "send:transactional" | "send:bulk" | "send:internal" | "deliver" | "deliver:critical" | "deliver:transactional" | "deliver:bulk" | "deliver:internal" | "read" | "write" | "sender-change" | "credential" | "webhook")[]
  /** Bind only this API key (key_…), SMTP credential (smtp_…) or person (per_…). Without it: the workspace. */
  readonly credential?: string | undefined
  /** Bind only this kind of process: api, smtp, sender, worker. Default any. Default: "any". */
  readonly actorClass?: "api" | "smtp" | "sender" | "worker" | "any" | undefined
  /** Whom you suspect: key_… or smtp_…. All others are legitimate. Default: credential. */
  readonly suspect?: string | undefined
  /** How far to look back; default 60. Default: 60. */
  readonly minutes?: number | undefined
}

export interface ContainmentsPreviewOutput {
  /** The time that was looked at. */
  readonly minutes: number
  readonly blockedPerMinute: number
  readonly suspiciousPerMinute: number
  /** What others pay. */
  readonly legitimatePerMinute: number
  /** The legitimate part of what would be blocked, 0 to 1; null where nothing would be. */
  readonly collateralRatio: number | null
  /** What was done, by capability, lane, kind of process and credential; the busiest first. */
  readonly rates: readonly ({
    readonly capability: "send" | "send:critical" | "send:transactional" | "send:bulk" | "send:internal" | "deliver" | "deliver:critical" | "deliver:transactional" | "deliver:bulk" | "deliver:internal" | "read" | "write" | "sender-change" | "credential" | "webhook"
    readonly actorClass: "api" | "smtp" | "sender" | "worker" | "any"
    readonly actor: string | null
    readonly perMinute: number
    readonly blocked: boolean
    readonly suspicious: boolean
  })[]
  /** Recipients in the queue, and how many of them would stay there. */
  readonly waiting: readonly ({
    readonly lane: string
    readonly recipients: number
    readonly blocked: number
  })[]
  /** Live credentials. */
  readonly credentials: {
    readonly apiKeys: number
    readonly smtpCredentials: number
  }
  /** Live event streams on the process that answers. */
  readonly streams: number
  /** The narrowest containment that does it. */
  readonly proposal: {
    readonly credential: string | null
    readonly actorClass: "api" | "smtp" | "sender" | "worker" | "any"
    readonly capabilities: readonly ("send" | "send:critical" | "send:transactional" | "send:bulk" | "send:internal" | "deliver" | "deliver:critical" | "deliver:transactional" | "deliver:bulk" | "deliver:internal" | "read" | "write" | "sender-change" | "credential" | "webhook")[]
    /** The legitimate part of what would be blocked, 0 to 1; null where nothing would be. */
    readonly collateralRatio: number | null
    readonly why: string
  }
}

export interface ContainmentsRequestLiftInput {
  /** Why it may end. */
  readonly reason: string
}

export interface ContainmentsLiftInput {
  /** Why it may end. */
  readonly reason: string
}

export interface InboxListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  /** Only what came of this message. */
  readonly messageId?: string | undefined
}

export interface InboxListOutput {
  readonly data: readonly InboxItem[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface InboxGetOutput {
  readonly id: string
  readonly messageId: string | null
  /** The From header, or the envelope sender. */
  readonly from: string
  /** The envelope recipients. */
  readonly to: readonly string[]
  readonly subject: string | null
  readonly receivedAt: string
  readonly sizeBytes: number
  readonly envelopeFrom: string
  /** Untrusted. Show it in a sandboxed frame only. */
  readonly html: string | null
  readonly text: string | null
  readonly headers: readonly ({
    readonly name: string
    readonly value: string
  })[]
  readonly attachments: readonly ({
    readonly index: number
    readonly filename: string | null
    readonly contentType: string
    readonly sizeBytes: number
    readonly inline: boolean
    readonly contentId: string | null
  })[]
  /** What a receiver would find fault with. */
  readonly checks: readonly ({
    readonly name: string
    readonly state: "ok" | "warning" | "problem"
    readonly detail: string
  })[]
}

export interface AuditListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  /** Only this action, for example api_key.created. */
  readonly action?: string | undefined
  /** Only acts of this actor, for example api_key:…. */
  readonly actor?: string | undefined
  /** Only acts on this thing. */
  readonly target?: string | undefined
  /** Only from this instant on. */
  readonly after?: string | undefined
  /** Only before this instant. */
  readonly before?: string | undefined
}

export interface AuditListOutput {
  readonly data: readonly AuditItem[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface AuditListInstallationInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  /** Only this action, for example api_key.created. */
  readonly action?: string | undefined
  /** Only acts of this actor, for example api_key:…. */
  readonly actor?: string | undefined
  /** Only acts on this thing. */
  readonly target?: string | undefined
  /** Only from this instant on. */
  readonly after?: string | undefined
  /** Only before this instant. */
  readonly before?: string | undefined
}

export interface AuditStateOutput {
  /** Entries sequenced. */
  readonly size: number
  /** Since when the oldest act waits to be sequenced; null where none does. */
  readonly waitingSince: string | null
  /** Entries under the last signed checkpoint. */
  readonly checkpointSize: number
  readonly checkpointAt: string | null
  /** The signed checkpoint (C2SP tlog-checkpoint). Keep one: it proves later that nothing was rewritten. */
  readonly checkpoint: string | null
  /** The key of the log (C2SP signed-note). */
  readonly vkey: string | null
  readonly witnesses: readonly ({
    readonly name: string
    readonly url: string
    /** Entries that it last cosigned. */
    readonly size: number | null
    /** Checkpoints in a row that it has not cosigned. */
    readonly failures: number
    readonly problem: string | null
  })[]
  /** Why checkpoints wait; null while all is well. */
  readonly problem: string | null
}

export interface AuditExportInput {
  /** Only this action, for example api_key.created. */
  readonly action?: string | undefined
  /** Only acts of this actor, for example api_key:…. */
  readonly actor?: string | undefined
  /** Only acts on this thing. */
  readonly target?: string | undefined
  /** Only from this instant on. */
  readonly after?: string | undefined
  /** Only before this instant. */
  readonly before?: string | undefined
  /** First index. Default: 0. */
  readonly from?: number | undefined
  /** Records, 1 to 1000. Default: 1000. */
  readonly limit?: number | undefined
  /** Size of an older checkpoint: the header then proves that the log still begins with it. */
  readonly since?: number | undefined
  /** native, or ecs for the fields of the Elastic Common Schema. Default: "native". */
  readonly format?: "native" | "ecs" | undefined
}

export interface AuditGetOutput {
  /** Place in the log of the installation, from 0. */
  readonly index: number
  /** Counts the records of this workspace from 1 without gaps; null once erased. */
  readonly number: number | null
  readonly at: string
  /** Who: api_key:…, operator:…, staff:…, process:…. */
  readonly actor: string
  readonly action: string
  /** What was touched. */
  readonly target: string | null
  /** The process that acted. */
  readonly process: string | null
  /** Null once the record is erased. */
  readonly detail: Readonly<Record<string, unknown>> | null
  /** The canonical JSON that the log commits to. */
  readonly record: string | null
  /** Base64. The commitment is SHA-256(salt, record). */
  readonly salt: string | null
  /** Inclusion proof with the checkpoint (C2SP tlog-proof); null until the entry is under a checkpoint. */
  readonly proof: string | null
}

export interface WorkspacesCreateInput {
  readonly name: string
}

export interface WorkspacesCreateOutput {
  readonly workspace: Workspace
  readonly apiKey: ApiKeysCreateOutput
}

export interface WorkspacesListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface WorkspacesListOutput {
  readonly data: readonly Workspace[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface KeyringStatusOutput {
  readonly database: "up" | "down"
  /** Fingerprint of the root that wraps new keys. */
  readonly root: string
  /** Roots that still open what they wrapped. */
  readonly previousRoots: readonly string[]
  readonly roots: readonly ({
    readonly root: string
    readonly configured: boolean
    readonly installationKeys: number
    readonly workspaceKeys: number
  })[]
  /** Unwraps that the keyring process answering has recorded since its start. */
  readonly unwraps: number
  readonly budgets: readonly ({
    readonly process: string
    readonly workspacesPerHour: number
    readonly keysPerMinute: number
    readonly workspacesInHour: number
    readonly keysInMinute: number
  })[]
  /** The one that runs, or else the last one. */
  readonly rotation: {
    readonly id: string
    readonly scope: "root" | "workspace" | "all"
    /** Of scope workspace. */
    readonly workspaceId: string | null
    readonly state: "running" | "done" | "failed"
    readonly startedAt: string
    readonly finishedAt: string | null
    /** Keys to make or wrap anew; null until they are counted. */
    readonly total: number | null
    /** Keys made or wrapped anew. */
    readonly done: number
    readonly keysPerSecond: number | null
    /** At the present rate. */
    readonly secondsLeft: number | null
    /** Why it failed. */
    readonly error: string | null
  } | null
}

export interface KeyringRotationOutput {
  readonly rotation: {
    readonly id: string
    readonly scope: "root" | "workspace" | "all"
    /** Of scope workspace. */
    readonly workspaceId: string | null
    readonly state: "running" | "done" | "failed"
    readonly startedAt: string
    readonly finishedAt: string | null
    /** Keys to make or wrap anew; null until they are counted. */
    readonly total: number | null
    /** Keys made or wrapped anew. */
    readonly done: number
    readonly keysPerSecond: number | null
    /** At the present rate. */
    readonly secondsLeft: number | null
    /** Why it failed. */
    readonly error: string | null
  } | null
}

export interface KeyringRotateInput {
  readonly scope: "root" | "workspace" | "all"
  /** With scope workspace: which one. */
  readonly workspaceId?: string | undefined
}

export interface KeyringRotateOutput {
  readonly id: string
  readonly scope: "root" | "workspace" | "all"
  /** Of scope workspace. */
  readonly workspaceId: string | null
  readonly state: "running" | "done" | "failed"
  readonly startedAt: string
  readonly finishedAt: string | null
  /** Keys to make or wrap anew; null until they are counted. */
  readonly total: number | null
  /** Keys made or wrapped anew. */
  readonly done: number
  readonly keysPerSecond: number | null
  /** At the present rate. */
  readonly secondsLeft: number | null
  /** Why it failed. */
  readonly error: string | null
}

export interface KeyringListShredsOutput {
  readonly data: readonly ({
    readonly workspaceId: string
    readonly state: "pending" | "cancelled" | "shredding" | "shredded"
    readonly requestedBy: string
    readonly requestedAt: string
    /** Until then it can be cancelled. */
    readonly executeAt: string
    readonly cancelledBy: string | null
    /** From then on nothing of the workspace opens. */
    readonly startedAt: string | null
    readonly finishedAt: string | null
    /** What ended with it; null until the worker has noted it. */
    readonly ended: {
      /** When its credentials ended. */
      readonly at: string
      /** Recipients that waited and are expired by it. */
      readonly mail: number
      /** Webhook deliveries that waited and are failed by it. */
      readonly webhooks: number
      /** Records of the audit log that were erased; their commitments stay. */
      readonly auditRecords: number
    } | null
  })[]
}

export interface KeyringRequestShredOutput {
  readonly workspaceId: string
  readonly state: "pending" | "cancelled" | "shredding" | "shredded"
  readonly requestedBy: string
  readonly requestedAt: string
  /** Until then it can be cancelled. */
  readonly executeAt: string
  readonly cancelledBy: string | null
  /** From then on nothing of the workspace opens. */
  readonly startedAt: string | null
  readonly finishedAt: string | null
  /** What ended with it; null until the worker has noted it. */
  readonly ended: {
    /** When its credentials ended. */
    readonly at: string
    /** Recipients that waited and are expired by it. */
    readonly mail: number
    /** Webhook deliveries that waited and are failed by it. */
    readonly webhooks: number
    /** Records of the audit log that were erased; their commitments stay. */
    readonly auditRecords: number
  } | null
}

export interface SystemMailGetOutput {
  /** Whether letters can be sent now. */
  readonly ready: boolean
  /** BULKHEAD_SYSTEM_FROM. */
  readonly from: string | null
  /** The domain of that address, with the DNS records to publish. */
  readonly domain: Domain | null
  /** Letters that wait to be delivered. */
  readonly waiting: number
  /** Since when the oldest of them is due. */
  readonly oldestDue: string | null
  /** What is missing, and what to do. */
  readonly problems: readonly string[]
}

export interface SystemMailTestInput {
  readonly to: string
}

export interface SystemMailTestOutput {
  readonly messageId: string
}

export interface ChangesListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface ChangesListOutput {
  readonly data: readonly Change[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface ChangesApproveOutput {
  readonly id: string
  readonly state: "approved" | "rejected"
}

export interface AlertsListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  /** `open`: only those that nobody has acknowledged. Default: "all". */
  readonly state?: "open" | "all" | undefined
}

export interface AlertsListOutput {
  readonly data: readonly Alert[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface AlertsListInstallationInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface HoneyAddInput {
  readonly email: string
}

export interface HoneyAddOutput {
  readonly id: string
  readonly email: string
  readonly createdAt: string
  /** When somebody last tried it. */
  readonly touchedAt: string | null
}

export interface HoneyListOutput {
  readonly data: readonly HoneyAddOutput[]
}

export interface InventoryReadOutput {
  readonly tables: readonly ({
    readonly schema: string
    readonly name: string
    readonly class: string
    readonly meaning: string | null
    /** How long a row lives. */
    readonly kept: string | null
    /** The planner's estimate. */
    readonly rows: number
    /** Processes that may select from it themselves. What a process gets through functions is in the architecture tests. */
    readonly readers: readonly string[]
    readonly columns: readonly ({
      readonly name: string
      readonly type: string
      /** From a closed list: see the security model. `unclassified` never ships: a test refuses it. */
      readonly class: string
      /** The purpose of the key that seals it; null where it is not sealed. */
      readonly sealedWith: string | null
      readonly meaning: string | null
    })[]
  })[]
}

export interface LogInWithPasswordInput {
  readonly email: string
  readonly password: string
  /** `token` answers it, for programs; a browser gets it in a cookie. Default: "cookie". */
  readonly transport?: "cookie" | "token" | undefined
}

export interface LogInWithPasswordOutput {
  /** What comes next. `second_factor`: POST /v1/log-in/second-factor. `email_code`: an eight-digit code was mailed, POST /v1/log-in/email-code; a passkey may be shown instead. `enrol`: the session can only add a second factor. `done`: no workspace demands one. */
  readonly next: "second_factor" | "email_code" | "enrol" | "done"
  /** For the next step, within ten minutes, from the same network. */
  readonly challenge: string | null
  /** What the person has. */
  readonly factors: readonly ("passkey" | "totp" | "recovery_code")[]
  /** When the challenge is over. */
  readonly expiresAt: string | null
  readonly session: AccountCompleteSignUpOutput | null
}

export interface LogInConfirmEmailCodeInput {
  /** Of POST /v1/log-in. */
  readonly challenge: string
  /** Eight digits; blanks do not count. */
  readonly code: string
  /** `token` answers it, for programs; a browser gets it in a cookie. Default: "cookie". */
  readonly transport?: "cookie" | "token" | undefined
}

export interface LogInShowSecondFactorInput {
  /** Of POST /v1/log-in. */
  readonly challenge: string
  /** Six digits of an authenticator app. */
  readonly totp?: string | undefined
  /** One of the recovery codes. */
  readonly recoveryCode?: string | undefined
  readonly passkey?: {
    /** Credential id, base64url. */
    readonly id: string
    readonly type: "public-key"
    readonly response: {
      readonly clientDataJSON: string
      readonly authenticatorData: string
      readonly signature: string
      readonly userHandle?: string | null | undefined
    }
  } | undefined
  /** `token` answers it, for programs; a browser gets it in a cookie. Default: "cookie". */
  readonly transport?: "cookie" | "token" | undefined
}

export interface LogInPasskeyOptionsInput {
  /** Of POST /v1/log-in. */
  readonly challenge?: string | undefined
}

/** For `navigator.credentials.get` (PublicKeyCredentialRequestOptionsJSON). */
export interface LogInPasskeyOptionsOutput {
  readonly challenge: string
  readonly rpId: string
}

export interface LogInWithPasskeyInput {
  readonly passkey: {
    /** Credential id, base64url. */
    readonly id: string
    readonly type: "public-key"
    readonly response: {
      readonly clientDataJSON: string
      readonly authenticatorData: string
      readonly signature: string
      readonly userHandle?: string | null | undefined
    }
  }
  /** `token` answers it, for programs; a browser gets it in a cookie. Default: "cookie". */
  readonly transport?: "cookie" | "token" | undefined
}

export interface SessionsListOutput {
  readonly data: readonly ({
    readonly id: string
    /** Whether it is the one that asks. */
    readonly current: boolean
    /** `enrolment` can do nothing but add a second factor, within an hour. */
    readonly level: "enrolment" | "full"
    /** The second factor that was shown. */
    readonly factor: "none" | "totp" | "passkey" | "recovery" | "sso"
    /** What the browser says of itself, in words. */
    readonly device: string
    /** Address of IPv4, /64 of IPv6. */
    readonly network: string
    readonly createdAt: string
    /** To within half a minute. */
    readonly lastSeenAt: string
    readonly expiresAt: string
  })[]
}

export interface SessionsEndAllInput {
  /** `others`: all but the one that asks. Default: "others". */
  readonly which?: "others" | "all" | undefined
}

export interface SessionsEndAllOutput {
  readonly ended: number
}

export interface SessionsStepUpInput {
  /** Six digits of an authenticator app. */
  readonly totp?: string | undefined
  /** One of the recovery codes. */
  readonly recoveryCode?: string | undefined
  readonly passkey?: {
    /** Credential id, base64url. */
    readonly id: string
    readonly type: "public-key"
    readonly response: {
      readonly clientDataJSON: string
      readonly authenticatorData: string
      readonly signature: string
      readonly userHandle?: string | null | undefined
    }
  } | undefined
}

export interface FactorsListOutput {
  readonly passkeys: readonly ({
    readonly id: string
    readonly name: string
    readonly createdAt: string
    readonly lastUsedAt: string | null
  })[]
  readonly authenticatorApp: {
    readonly id: string
    readonly createdAt: string
    readonly lastUsedAt: string | null
  } | null
  /** Of ten. Make new ones when few are left. */
  readonly recoveryCodesLeft: number
}

/** For `navigator.credentials.create` (PublicKeyCredentialCreationOptionsJSON). Good for five minutes and one answer. */
export interface FactorsBeginPasskeyOutput {
  readonly challenge: string
}

export interface FactorsAddPasskeyInput {
  /** What you call the device. */
  readonly name: string
  /** The answer of the browser (RegistrationResponseJSON). */
  readonly response: {
    /** Credential id, base64url. */
    readonly id: string
    readonly type: "public-key"
    readonly response: {
      readonly clientDataJSON: string
      readonly attestationObject: string
      readonly transports?: readonly string[] | undefined
    }
  }
}

export interface FactorsAddPasskeyOutput {
  readonly id: string
  /** With the first factor the sessions from before it end, and this one takes their place. */
  readonly session: AccountCompleteSignUpOutput | null
}

export interface FactorsBeginTotpOutput {
  /** For typing into an authenticator app (base32). It is shown this once and cannot be shown again. */
  readonly secret: string
  /** The same as a link, for a QR code. */
  readonly uri: string
}

export interface FactorsConfirmTotpInput {
  /** Six digits. */
  readonly code: string
}

export interface FactorsMakeRecoveryCodesOutput {
  /** Each works once, in place of a factor that is lost. They are shown this once; those from before work no more. */
  readonly recoveryCodes: readonly string[]
}

/** The values of inputs that have a fixed list, by operation and field. */
export const CHOICES = {
  'account.completeSignUp': {
    transport: ["cookie","token"],
  },
  'account.completeRecovery': {
    transport: ["cookie","token"],
  },
  'members.change': {
    role: ["owner","admin","developer","marketer","analyst","auditor"],
  },
  'members.remove': {
    credentials: ["keep","revoke"],
  },
  'permissionSets.create': {
    scopes: ["messages:send","messages:read","domains:read","domains:write","senders:read","senders:write","suppressions:read","suppressions:write","webhooks:read","webhooks:write","api-keys:read","api-keys:write","smtp-credentials:read","smtp-credentials:write","credentials:kill","containments:read","containments:write","audit:read","inbox:read","inbox:write","workspace:read","operations:read","alerts:read","alerts:write","members:read","members:write","policies:read","policies:write","federation:read","federation:write"],
  },
  'permissionSets.update': {
    scopes: ["messages:send","messages:read","domains:read","domains:write","senders:read","senders:write","suppressions:read","suppressions:write","webhooks:read","webhooks:write","api-keys:read","api-keys:write","smtp-credentials:read","smtp-credentials:write","credentials:kill","containments:read","containments:write","audit:read","inbox:read","inbox:write","workspace:read","operations:read","alerts:read","alerts:write","members:read","members:write","policies:read","policies:write","federation:read","federation:write"],
  },
  'invitations.create': {
    role: ["owner","admin","developer","marketer","analyst","auditor"],
  },
  'policies.change': {
    secondFactor: ["optional","required","passkey"],
  },
  'sso.finish': {
    transport: ["cookie","token"],
  },
  'messages.send': {
    lane: ["critical","transactional","bulk"],
  },
  'messages.sendMime': {
    lane: ["critical","transactional","bulk"],
    sensitive: ["true","false"],
  },
  'messages.list': {
    state: ["pending","scheduled","held","delivered","bounced","expired","suppressed","cancelled","uncertain"],
    lane: ["critical","transactional","bulk","internal"],
  },
  'suppressions.add': {
    reason: ["hard_bounce","complaint","unsubscribe","manual"],
  },
  'suppressions.list': {
    reason: ["hard_bounce","complaint","unsubscribe","manual"],
  },
  'webhooks.create': {
    eventTypes: ["message.accepted","message.delivered","message.deferred","message.bounced","message.expired","message.suppressed","message.cancelled","message.uncertain","message.held","message.released","containment.changed","audit.recorded","security.alert"],
  },
  'webhooks.update': {
    eventTypes: ["message.accepted","message.delivered","message.deferred","message.bounced","message.expired","message.suppressed","message.cancelled","message.uncertain","message.held","message.released","containment.changed","audit.recorded","security.alert"],
    state: ["enabled","disabled"],
  },
  'webhooks.deliveries': {
    state: ["pending","delivered","failed"],
  },
  'apiKeys.create': {
    scopes: ["messages:send","messages:read","domains:read","domains:write","senders:read","senders:write","suppressions:read","suppressions:write","webhooks:read","webhooks:write","api-keys:read","api-keys:write","smtp-credentials:read","smtp-credentials:write","credentials:kill","containments:read","containments:write","audit:read","inbox:read","inbox:write","workspace:read","operations:read","alerts:read","alerts:write"],
    onLeak: ["by_scope","revoke","tighten"],
  },
  'federationRules.create': {
    scopes: ["messages:send","messages:read","domains:read","domains:write","senders:read","senders:write","suppressions:read","suppressions:write","webhooks:read","webhooks:write","api-keys:read","api-keys:write","smtp-credentials:read","smtp-credentials:write","credentials:kill","containments:read","containments:write","audit:read","inbox:read","inbox:write","workspace:read","operations:read","alerts:read","alerts:write"],
  },
  'epochs.bump': {
    class: ["any","session","api_key","smtp_credential"],
  },
  'containments.create': {
    capabilities: ["send","send:critical","send:transactional","send:bulk","send:internal","deliver","deliver:critical","deliver:transactional","deliver:bulk","deliver:internal","read","write","sender-change","credential","webhook"],
    actorClass: ["api","smtp","sender","worker","any"],
    reasonCode: ["security_hold","policy","billing","abuse"],
  },
  'containments.preview': {
    capabilities: ["send","send:critical","send:transactional","send:bulk","send:internal","deliver","deliver:critical","deliver:transactional","deliver:bulk","deliver:internal","read","write","sender-change","credential","webhook"],
    actorClass: ["api","smtp","sender","worker","any"],
  },
  'audit.export': {
    format: ["native","ecs"],
  },
  'keyring.rotate': {
    scope: ["root","workspace","all"],
  },
  'alerts.list': {
    state: ["open","all"],
  },
  'logIn.withPassword': {
    transport: ["cookie","token"],
  },
  'logIn.confirmEmailCode': {
    transport: ["cookie","token"],
  },
  'logIn.showSecondFactor': {
    transport: ["cookie","token"],
  },
  'logIn.withPasskey': {
    transport: ["cookie","token"],
  },
  'sessions.endAll': {
    which: ["others","all"],
  },
} as const

/** The operations of the API, grouped by noun. */
export type Operations = ReturnType<typeof createOperations>

/** Binds every operation to a transport. */
export function createOperations(transport: Transport) {
  return {
    account: {
      /** Sign up with an address. The answer is the same whoever has the address. A link is mailed to it; where it has an account already, its owner is told. Scope: public. */
      signUp: (input: AccountSignUpInput, options?: CallOptions) =>
        transport.json<AccountSignUpOutput>({ method: 'POST', path: '/v1/sign-up', json: input }, options),
      /** Make the account of an address that a link proves. The session that is answered can add a second factor and nothing else. Without a password the first factor must be a passkey. workspaceName makes a workspace of which this person is the owner, where the installation is open. Scope: public. */
      completeSignUp: (input: AccountCompleteSignUpInput, options?: CallOptions) =>
        transport.json<AccountCompleteSignUpOutput>({ method: 'POST', path: '/v1/sign-up/complete', json: input }, options),
      /** Ask for a link that sets a new password. The answer is the same whoever has the address. A reset drops no second factor and signs nobody in. Scope: public. */
      requestReset: (input: AccountRequestResetInput, options?: CallOptions) =>
        transport.json<AccountSignUpOutput>({ method: 'POST', path: '/v1/password-reset', json: input }, options),
      /** Set a new password with a link. Ends every session of the account and makes none; second factors stay and are still needed. The owner is told. Scope: public. */
      completeReset: (input: AccountCompleteResetInput, options?: CallOptions) =>
        transport.empty({ method: 'POST', path: '/v1/password-reset/complete', json: input }, options),
      /** Prove a new address with the link that was mailed to it. It signs in from 24 hours later on. Until then everything goes to the old address, which can undo the change. Scope: public. */
      confirmEmail: (input: AccountConfirmEmailInput, options?: CallOptions) =>
        transport.json<AccountConfirmEmailOutput>({ method: 'POST', path: '/v1/account/email/confirm', json: input }, options),
      /** Undo a change of address with the link in the mail to the old one. Needs no log-in, and ends every session of the account. Scope: public. */
      undoEmail: (input: AccountUndoEmailInput, options?: CallOptions) =>
        transport.empty({ method: 'POST', path: '/v1/account/email/undo', json: input }, options),
      /** Ask for a recovery after all second factors are lost. The answer is the same whoever has the address. The link in the letter begins a wait of 72 hours; see docs/accounts.md. Scope: public. */
      requestRecovery: (input: AccountRequestRecoveryInput, options?: CallOptions) =>
        transport.json<AccountSignUpOutput>({ method: 'POST', path: '/v1/recovery', json: input }, options),
      /** Begin the recovery of an account with a link. Begins a wait of 72 hours, and tells the person and everybody who could approve. The answer says what each workspace must give. Scope: public. */
      confirmRecovery: (input: AccountConfirmRecoveryInput, options?: CallOptions) =>
        transport.json<AccountConfirmRecoveryOutput>({ method: 'POST', path: '/v1/recovery/confirm', json: input }, options),
      /** Stop a recovery with the link that is in every letter about it. Scope: public. */
      cancelRecovery: (input: AccountCancelRecoveryInput, options?: CallOptions) =>
        transport.empty({ method: 'POST', path: '/v1/recovery/cancel', json: input }, options),
      /** End a recovery: the lost factors go, and new ones can be added. With the link that is mailed once 72 hours and all approvals are there. The password is needed where there is one. The session that is answered can add a second factor and nothing else. Scope: public. */
      completeRecovery: (input: AccountCompleteRecoveryInput, options?: CallOptions) =>
        transport.json<AccountCompleteSignUpOutput>({ method: 'POST', path: '/v1/recovery/complete', json: input }, options),
      /** Show who you are, what you can sign in with and your workspaces. Scope: account:self. */
      get: (options?: CallOptions) =>
        transport.json<AccountGetOutput>({ method: 'GET', path: '/v1/account' }, options),
      /** Change what you are called. Scope: account. */
      update: (input: AccountUpdateInput, options?: CallOptions) =>
        transport.json<AccountGetOutput>({ method: 'PATCH', path: '/v1/account', json: input }, options),
      /** Delete your account. Ends your sessions and memberships and erases your address, name, password and second factors. Refused while you are the only owner of a workspace. Scope: account. */
      delete: (options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: '/v1/account' }, options),
      /** Change your password. Ends your other sessions and tells you by mail. Scope: account. */
      setPassword: (input: AccountSetPasswordInput, options?: CallOptions) =>
        transport.empty({ method: 'POST', path: '/v1/account/password', json: input }, options),
      /** Ask for another address to sign in with. The new address gets a link, the old one a link that undoes it. The answer is the same whoever has the new address. A proved address signs in after 24 hours. Scope: account. */
      changeEmail: (input: AccountChangeEmailInput, options?: CallOptions) =>
        transport.json<AccountSignUpOutput>({ method: 'POST', path: '/v1/account/email', json: input }, options),
      /** Undo a change of your address that is under way. Answers alike where there is none. Scope: account. */
      undoOwnEmail: (options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: '/v1/account/email' }, options),
      /** Stop a recovery of your account. Answers alike where there is none. Scope: account:enrol. */
      cancelOwnRecovery: (options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: '/v1/account/recovery' }, options),
      /** List the workspaces that you are a member of. Name one of them in the header bulkhead-workspace to act in it. Scope: account. */
      workspaces: (options?: CallOptions) =>
        transport.json<AccountWorkspacesOutput>({ method: 'GET', path: '/v1/account/workspaces' }, options),
      /** Make a workspace of your own. You become its owner. Only where BULKHEAD_SIGN_UP lets people make workspaces. Scope: account. */
      createWorkspace: (input: AccountCreateWorkspaceInput, options?: CallOptions) =>
        transport.json<Workspace>({ method: 'POST', path: '/v1/account/workspaces', json: input }, options),
    },
    recoveries: {
      /** List recoveries of members that wait for approval. Scope: members:read. */
      list: (options?: CallOptions) =>
        transport.json<RecoveriesListOutput>({ method: 'GET', path: '/v1/recoveries' }, options),
      /** Approve the recovery of a member, as one of those that are needed. For owners, and for admins where the member is no owner, who were so before the recovery began. Speak with the person first, not by mail. Scope: members:write. */
      approve: (recoveryId: string, options?: CallOptions) =>
        transport.json<AccountConfirmRecoveryOutput>({ method: 'POST', path: `/v1/recoveries/${segment(recoveryId)}/approve` }, options),
      /** Stop the recovery of a member. For whoever could approve it. One is enough. Scope: members:write. */
      refuse: (recoveryId: string, options?: CallOptions) =>
        transport.empty({ method: 'POST', path: `/v1/recoveries/${segment(recoveryId)}/refuse` }, options),
    },
    people: {
      /** List the people of the installation, without their addresses. Needs the operator's key. Scope: people:read. */
      list: (input: PeopleListInput = {}, options?: CallOptions) =>
        transport.json<PeopleListOutput>({ method: 'GET', path: '/v1/people', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<PeopleListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<PeopleItem>((cursor) => transport.json<PeopleListOutput>({ method: 'GET', path: '/v1/people', query: { ...input, cursor } }, options)),
      /** Find the person who has an address that you know. Needs the operator's key. Scope: people:read. */
      find: (input: PeopleFindInput, options?: CallOptions) =>
        transport.json<PeopleFindOutput>({ method: 'POST', path: '/v1/people/find', json: input }, options),
      /** Suspend a person and end all sessions of theirs. Needs the operator's key. Answers to the person do not tell. Scope: people:write. */
      disable: (personId: string, options?: CallOptions) =>
        transport.empty({ method: 'POST', path: `/v1/people/${segment(personId)}/disable` }, options),
      /** Let a suspended person sign in again. Needs the operator's key. Password and second factors are as they were. Scope: people:write. */
      enable: (personId: string, options?: CallOptions) =>
        transport.empty({ method: 'POST', path: `/v1/people/${segment(personId)}/enable` }, options),
      /** End all sessions of a person. Needs the operator's key. Scope: people:write. */
      signOut: (personId: string, options?: CallOptions) =>
        transport.json<PeopleSignOutOutput>({ method: 'POST', path: `/v1/people/${segment(personId)}/sign-out` }, options),
      /** List all recoveries that wait. Needs the operator's key. Scope: people:read. */
      recoveries: (options?: CallOptions) =>
        transport.json<RecoveriesListOutput>({ method: 'GET', path: '/v1/people/recoveries' }, options),
      /** Approve the recovery of somebody whose workspace has nobody else. Needs the operator's key. By itself it does nothing: the record in DNS, 72 hours, the mailbox and the password are needed beside it. Scope: people:write. */
      approveRecovery: (recoveryId: string, options?: CallOptions) =>
        transport.json<AccountConfirmRecoveryOutput>({ method: 'POST', path: `/v1/people/recoveries/${segment(recoveryId)}/approve` }, options),
    },
    members: {
      /** List the members of the workspace. In the order in which they came. No API key sees this: it is for people. Scope: members:read. */
      list: (input: MembersListInput = {}, options?: CallOptions) =>
        transport.json<MembersListOutput>({ method: 'GET', path: '/v1/members', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<MembersListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<Member>((cursor) => transport.json<MembersListOutput>({ method: 'GET', path: '/v1/members', query: { ...input, cursor } }, options)),
      /** Show a member. Scope: members:read. */
      get: (memberId: string, options?: CallOptions) =>
        transport.json<Member>({ method: 'GET', path: `/v1/members/${segment(memberId)}` }, options),
      /** Give a member another role or a permission set. Holds at the next request. Only owners make and change owners; nobody gives more than the own rights, raises himself, or changes who may do more; one owner always stays. Open invitations that the member made are revoked. Scope: members:write. */
      change: (memberId: string, input: MembersChangeInput = {}, options?: CallOptions) =>
        transport.json<Member>({ method: 'PATCH', path: `/v1/members/${segment(memberId)}`, json: input }, options),
      /** Remove a member. Ends within a second what the member can do here, live streams too. API keys and SMTP credentials that the member made are another matter: say whether they are revoked (what uses them stops) or kept (whoever has noted them keeps their power). Scope: members:write. */
      remove: (memberId: string, input: MembersRemoveInput, options?: CallOptions) =>
        transport.json<MembersRemoveOutput>({ method: 'DELETE', path: `/v1/members/${segment(memberId)}`, query: input }, options),
      /** List a member's sessions that open the workspace. Scope: members:write. */
      sessions: (memberId: string, options?: CallOptions) =>
        transport.json<MembersSessionsOutput>({ method: 'GET', path: `/v1/members/${segment(memberId)}/sessions` }, options),
      /** End one session of a member. The member has to log in again on that device, for other workspaces too. Scope: members:write. */
      endSession: (memberId: string, sessionId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/members/${segment(memberId)}/sessions/${segment(sessionId)}` }, options),
      /** End all sessions of a member for this workspace. One floor, whatever their number; other workspaces of the member stay open. Scope: members:write. */
      endSessions: (memberId: string, input: MembersEndSessionsInput, options?: CallOptions) =>
        transport.empty({ method: 'POST', path: `/v1/members/${segment(memberId)}/end-sessions`, json: input }, options),
      /** Leave a workspace. The last owner cannot leave. Coming back takes a new invitation. Scope: account. */
      leave: (workspaceId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/account/workspaces/${segment(workspaceId)}` }, options),
    },
    permissionSets: {
      /** Make a permission set. Rights to give to members in place of those of a role; at most your own. Scope: members:write. */
      create: (input: PermissionSetsCreateInput, options?: CallOptions) =>
        transport.json<PermissionSet>({ method: 'POST', path: '/v1/permission-sets', json: input }, options),
      /** List permission sets, newest first. Scope: members:read. */
      list: (input: PermissionSetsListInput = {}, options?: CallOptions) =>
        transport.json<PermissionSetsListOutput>({ method: 'GET', path: '/v1/permission-sets', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<PermissionSetsListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<PermissionSet>((cursor) => transport.json<PermissionSetsListOutput>({ method: 'GET', path: '/v1/permission-sets', query: { ...input, cursor } }, options)),
      /** Show a permission set. Scope: members:read. */
      get: (permissionSetId: string, options?: CallOptions) =>
        transport.json<PermissionSet>({ method: 'GET', path: `/v1/permission-sets/${segment(permissionSetId)}` }, options),
      /** Change a permission set. Holds at the next request of everybody who has it. You need all rights of the set, before and after. Scope: members:write. */
      update: (permissionSetId: string, input: PermissionSetsUpdateInput = {}, options?: CallOptions) =>
        transport.json<PermissionSet>({ method: 'PATCH', path: `/v1/permission-sets/${segment(permissionSetId)}`, json: input }, options),
      /** Delete a permission set that nobody has. Scope: members:write. */
      delete: (permissionSetId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/permission-sets/${segment(permissionSetId)}` }, options),
    },
    invitations: {
      /** Invite somebody to the workspace. A letter with a link goes to the address; it works once, within seven days, for whoever signs in or signs up with that address. The answer is the same whether it has an account or not. Scope: members:write. */
      create: (input: InvitationsCreateInput, options?: CallOptions) =>
        transport.json<Invitation>({ method: 'POST', path: '/v1/invitations', json: input }, options),
      /** Invite the first owner of a workspace that has no people. With a key that may make keys, add domains and send. Once somebody was a member, only members invite, and no key does. Scope: api-keys:write. */
      createFirstOwner: (input: InvitationsCreateFirstOwnerInput, options?: CallOptions) =>
        transport.json<Invitation>({ method: 'POST', path: '/v1/invitations/first-owner', json: input }, options),
      /** List invitations, newest first. Scope: members:read. */
      list: (input: InvitationsListInput = {}, options?: CallOptions) =>
        transport.json<InvitationsListOutput>({ method: 'GET', path: '/v1/invitations', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<InvitationsListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<Invitation>((cursor) => transport.json<InvitationsListOutput>({ method: 'GET', path: '/v1/invitations', query: { ...input, cursor } }, options)),
      /** Revoke an invitation. Its link stops working. Who has accepted stays a member. Scope: members:write. */
      revoke: (invitationId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/invitations/${segment(invitationId)}` }, options),
      /** Send an invitation again. With a new link for seven more days; the old one stops working. Scope: members:write. */
      resend: (invitationId: string, options?: CallOptions) =>
        transport.json<Invitation>({ method: 'POST', path: `/v1/invitations/${segment(invitationId)}/resend` }, options),
      /** Accept an invitation. For who is signed in with the invited address. Who has no account yet signs up with that address first. Scope: account. */
      accept: (input: InvitationsAcceptInput, options?: CallOptions) =>
        transport.json<InvitationsAcceptOutput>({ method: 'POST', path: '/v1/invitations/accept', json: input }, options),
    },
    policies: {
      /** Show what the workspace demands of its members. Scope: policies:read. */
      get: (options?: CallOptions) =>
        transport.json<PoliciesGetOutput>({ method: 'GET', path: '/v1/workspace/policy' }, options),
      /** Change what the workspace demands of its members. Fields that are left out stay. Holds at the next request and on live streams: sessions that do not fulfil it open the workspace no more, and members are told by mail. Networks without your own address wait up to 15 minutes for another owner, who confirms from inside them. Scope: policies:write. */
      change: (input: PoliciesChangeInput = {}, options?: CallOptions) =>
        transport.json<PoliciesGetOutput>({ method: 'PUT', path: '/v1/workspace/policy', json: input }, options),
      /** Confirm a change of networks that another owner asked for. From an address inside of them, within 15 minutes: so that nobody locks everybody out. Scope: policies:write. */
      confirm: (options?: CallOptions) =>
        transport.json<PoliciesGetOutput>({ method: 'POST', path: '/v1/workspace/policy/confirm' }, options),
    },
    sso: {
      /** Show the connected identity provider. Scope: policies:read. */
      getConnection: (options?: CallOptions) =>
        transport.json<SsoGetConnectionOutput>({ method: 'GET', path: '/v1/sso/connection' }, options),
      /** Connect an identity provider (OpenID Connect). By an owner. The domains must be yours: verified for sending, or by a TXT record that the error names. Nobody signs in through it before POST /v1/sso/connection/test has come back. Another issuer or client is another connection: sessions that the old one vouched for end. Scope: policies:write. */
      connect: (input: SsoConnectInput, options?: CallOptions) =>
        transport.json<SsoGetConnectionOutput>({ method: 'PUT', path: '/v1/sso/connection', json: input }, options),
      /** Disconnect the identity provider. By an owner. Sessions that it has vouched for end. Scope: policies:write. */
      disconnect: (options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: '/v1/sso/connection' }, options),
      /** Try the connected identity provider. Sign in at the URL and finish as in a log-in: no session is made, and the connection counts as tested. Scope: policies:write. */
      test: (options?: CallOptions) =>
        transport.json<SsoTestOutput>({ method: 'POST', path: '/v1/sso/connection/test' }, options),
      /** Begin a log-in through an identity provider. By address or workspace. The answer has the same form and takes the same work whether a provider is connected or not; where none is, the URL leads to a page that says so. Scope: public. */
      start: (input: SsoStartInput = {}, options?: CallOptions) =>
        transport.json<SsoTestOutput>({ method: 'POST', path: '/v1/sso/start', json: input }, options),
      /** End a log-in through an identity provider. With what the provider sent back and the verifier that this tab kept; once. The session opens the one workspace, and not the account. Scope: public. */
      finish: (input: SsoFinishInput, options?: CallOptions) =>
        transport.json<SsoFinishOutput>({ method: 'POST', path: '/v1/sso/finish', json: input }, options),
    },
    messages: {
      /** Send a message. Answers after the message is committed to disk. With an Idempotency-Key header a repeated request sends nothing twice. Scope: messages:send. */
      send: (input: SendRequest, options?: SendOptions) =>
        transport.json<AcceptedMessage>({ method: 'POST', path: '/v1/messages', json: input, idempotent: true }, options),
      /** Send up to 1,000 messages. Each message has an outcome of its own: one that is refused does not touch the others. Scope: messages:send. */
      sendBatch: (input: MessagesSendBatchInput, options?: SendOptions) =>
        transport.json<MessagesSendBatchOutput>({ method: 'POST', path: '/v1/messages/batch', json: input, idempotent: true }, options),
      /** Send a finished MIME message. The body is the message as message/rfc822. It is kept byte for byte but for Bcc and the X-Bulkhead-* control headers. Recipients come from the query, or else from To, Cc and Bcc. Scope: messages:send. */
      sendMime: (mime: MimeSource, input: MessagesSendMimeInput = {}, options?: SendOptions) =>
        transport.json<AcceptedMessage>({ method: 'POST', path: '/v1/messages/mime', query: input, mime, idempotent: true }, options),
      /** List messages, newest first. Scope: messages:read. */
      list: (input: MessagesListInput = {}, options?: CallOptions) =>
        transport.json<MessagesListOutput>({ method: 'GET', path: '/v1/messages', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<MessagesListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<MessageSummary>((cursor) => transport.json<MessagesListOutput>({ method: 'GET', path: '/v1/messages', query: { ...input, cursor } }, options)),
      /** Get a message with its recipients and timeline. Scope: messages:read. */
      get: (messageId: string, options?: CallOptions) =>
        transport.json<Message>({ method: 'GET', path: `/v1/messages/${segment(messageId)}` }, options),
      /** Get the MIME message as it was accepted. Refused for sensitive messages. Scope: messages:read. */
      getContent: (messageId: string, options?: CallOptions) =>
        transport.bytes({ method: 'GET', path: `/v1/messages/${segment(messageId)}/content` }, options),
      /** Cancel the recipients that still wait. Scope: messages:send. */
      cancel: (messageId: string, options?: CallOptions) =>
        transport.json<MessagesCancelOutput>({ method: 'POST', path: `/v1/messages/${segment(messageId)}/cancel` }, options),
      /** Move the recipients that still wait to another time. Scope: messages:send. */
      reschedule: (messageId: string, input: MessagesRescheduleInput, options?: CallOptions) =>
        transport.json<MessagesRescheduleOutput>({ method: 'POST', path: `/v1/messages/${segment(messageId)}/reschedule`, json: input }, options),
    },
    events: {
      /** Pull events in commit order. Keep nextCursor and ask again with it; no event is passed over. An empty page repeats the cursor. Scope: messages:read. */
      list: (input: EventsListInput = {}, options?: CallOptions) =>
        transport.json<EventsListOutput>({ method: 'GET', path: '/v1/events', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<EventsListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<Event>((cursor) => transport.json<EventsListOutput>({ method: 'GET', path: '/v1/events', query: { ...input, cursor } }, options)),
      /** Stream events as they are committed (server-sent events). Resume behind the last event with Last-Event-ID. Scope: messages:read. */
      stream: (options?: StreamOptions): AsyncGenerator<LiveEvent<Event>, void, undefined> =>
        streamEvents<Event>(transport, { method: 'GET', path: '/v1/events/stream' }, options),
    },
    ledger: {
      /** Count what became of every accepted recipient. Counted from the rows in one snapshot: accepted = delivered + bounced + expired + suppressed + cancelled + uncertain + pending + scheduled + held. Scope: messages:read. */
      get: (options?: CallOptions) =>
        transport.json<LedgerGetOutput>({ method: 'GET', path: '/v1/ledger' }, options),
    },
    queue: {
      /** What waits, by lane and state. Scope: messages:read. */
      get: (options?: CallOptions) =>
        transport.json<QueueGetOutput>({ method: 'GET', path: '/v1/queue' }, options),
    },
    domains: {
      /** Add a sending domain. Answers the DNS records to publish. The domain can be used once they are found; it is checked by itself, or at once with verify. In development a *.test domain is verified at once. Scope: domains:write. */
      add: (input: DomainsAddInput, options?: CallOptions) =>
        transport.json<Domain>({ method: 'POST', path: '/v1/domains', json: input }, options),
      /** List sending domains, newest first. Scope: domains:read. */
      list: (input: DomainsListInput = {}, options?: CallOptions) =>
        transport.json<DomainsListOutput>({ method: 'GET', path: '/v1/domains', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<DomainsListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<Domain>((cursor) => transport.json<DomainsListOutput>({ method: 'GET', path: '/v1/domains', query: { ...input, cursor } }, options)),
      /** Show a sending domain and its DNS records. Scope: domains:read. */
      get: (domainId: string, options?: CallOptions) =>
        transport.json<Domain>({ method: 'GET', path: `/v1/domains/${segment(domainId)}` }, options),
      /** Check a domain's DNS records now. Says of every record what DNS answered and what to change. DNS that fails to answer changes nothing. Scope: domains:write. */
      verify: (domainId: string, options?: CallOptions) =>
        transport.json<Domain>({ method: 'POST', path: `/v1/domains/${segment(domainId)}/verify` }, options),
      /** Remove a sending domain. Nothing more is accepted from it. Mail that waits is never sent unsigned: it stays until it expires, or goes when the domain is added again. Scope: domains:write. */
      delete: (domainId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/domains/${segment(domainId)}` }, options),
    },
    operations: {
      /** The delegation zone as zone-file lines. Needs the operator's key. Include the lines in the zone of BULKHEAD_DELEGATION_ZONE. Scope: operations:read. */
      zone: (options?: CallOptions) =>
        transport.bytes({ method: 'GET', path: '/v1/zone' }, options),
    },
    senders: {
      /** Add a sender. The address must lie in a domain that the workspace has added. Scope: senders:write. */
      create: (input: SendersCreateInput, options?: CallOptions) =>
        transport.json<Sender>({ method: 'POST', path: '/v1/senders', json: input }, options),
      /** List senders, newest first. Scope: senders:read. */
      list: (input: SendersListInput = {}, options?: CallOptions) =>
        transport.json<SendersListOutput>({ method: 'GET', path: '/v1/senders', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<SendersListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<Sender>((cursor) => transport.json<SendersListOutput>({ method: 'GET', path: '/v1/senders', query: { ...input, cursor } }, options)),
      /** Remove a sender. Scope: senders:write. */
      delete: (senderId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/senders/${segment(senderId)}` }, options),
    },
    suppressions: {
      /** Suppress an address. Nothing more is sent to it by this workspace. An address that is listed already is answered as it stands. Scope: suppressions:write. */
      add: (input: SuppressionsAddInput, options?: CallOptions) =>
        transport.json<Suppression>({ method: 'POST', path: '/v1/suppressions', json: input }, options),
      /** List suppressed addresses, newest first. Scope: suppressions:read. */
      list: (input: SuppressionsListInput = {}, options?: CallOptions) =>
        transport.json<SuppressionsListOutput>({ method: 'GET', path: '/v1/suppressions', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<SuppressionsListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<Suppression>((cursor) => transport.json<SuppressionsListOutput>({ method: 'GET', path: '/v1/suppressions', query: { ...input, cursor } }, options)),
      /** Show one suppressed address, with its evidence. Scope: suppressions:read. */
      get: (suppressionId: string, options?: CallOptions) =>
        transport.json<Suppression>({ method: 'GET', path: `/v1/suppressions/${segment(suppressionId)}` }, options),
      /** Lift a suppression. Mail is sent to the address again; a new hard bounce suppresses it again. Scope: suppressions:write. */
      delete: (suppressionId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/suppressions/${segment(suppressionId)}` }, options),
      /** Lift the suppression of an address. Scope: suppressions:write. */
      deleteByEmail: (input: SuppressionsDeleteByEmailInput, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: '/v1/suppressions', query: input }, options),
    },
    webhooks: {
      /** Add a webhook endpoint. Events are signed as Standard Webhooks has it. The secret is shown once. Scope: webhooks:write. */
      create: (input: WebhooksCreateInput, options?: CallOptions) =>
        transport.json<WebhooksCreateOutput>({ method: 'POST', path: '/v1/webhooks', json: input }, options),
      /** List webhook endpoints, newest first. Scope: webhooks:read. */
      list: (input: WebhooksListInput = {}, options?: CallOptions) =>
        transport.json<WebhooksListOutput>({ method: 'GET', path: '/v1/webhooks', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<WebhooksListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<Webhook>((cursor) => transport.json<WebhooksListOutput>({ method: 'GET', path: '/v1/webhooks', query: { ...input, cursor } }, options)),
      /** Show a webhook endpoint. Scope: webhooks:read. */
      get: (webhookId: string, options?: CallOptions) =>
        transport.json<Webhook>({ method: 'GET', path: `/v1/webhooks/${segment(webhookId)}` }, options),
      /** Change, enable or disable a webhook endpoint. What waited while it was disabled is sent when it is enabled, if it is not older than seven days. Scope: webhooks:write. */
      update: (webhookId: string, input: WebhooksUpdateInput = {}, options?: CallOptions) =>
        transport.json<Webhook>({ method: 'PATCH', path: `/v1/webhooks/${segment(webhookId)}`, json: input }, options),
      /** Remove a webhook endpoint and its deliveries. Scope: webhooks:write. */
      delete: (webhookId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/webhooks/${segment(webhookId)}` }, options),
      /** Make a new signing secret. The new secret is shown once. The old one signs as well for 24 hours. Scope: webhooks:write. */
      rotateSecret: (webhookId: string, options?: CallOptions) =>
        transport.json<WebhooksCreateOutput>({ method: 'POST', path: `/v1/webhooks/${segment(webhookId)}/rotate-secret` }, options),
      /** List deliveries of an endpoint in the order of their commits. Also a pull feed: go on from the cursor of the last delivery you have seen, and none is missed. Deliveries are kept for seven days. Scope: webhooks:read. */
      deliveries: (webhookId: string, input: WebhooksDeliveriesInput = {}, options?: CallOptions) =>
        transport.json<WebhooksDeliveriesOutput>({ method: 'GET', path: `/v1/webhooks/${segment(webhookId)}/deliveries`, query: input }, options),
      /** Each item of `deliveries`, page after page. */
      deliveriesAll: (webhookId: string, input: Omit<WebhooksDeliveriesInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<WebhookDelivery>((cursor) => transport.json<WebhooksDeliveriesOutput>({ method: 'GET', path: `/v1/webhooks/${segment(webhookId)}/deliveries`, query: { ...input, cursor } }, options)),
      /** Deliver an event again. It keeps its webhook-id, so that a receiver can tell that it had it before. Scope: webhooks:write. */
      replay: (webhookId: string, deliveryId: string, options?: CallOptions) =>
        transport.json<WebhookDelivery>({ method: 'POST', path: `/v1/webhooks/${segment(webhookId)}/deliveries/${segment(deliveryId)}/replay` }, options),
      /** Send a test event. An event of the type webhook.test. See what became of it in the deliveries. Scope: webhooks:write. */
      test: (webhookId: string, options?: CallOptions) =>
        transport.json<WebhookDelivery>({ method: 'POST', path: `/v1/webhooks/${segment(webhookId)}/test` }, options),
    },
    apiKeys: {
      /** Make an API key. The key is shown once. It reaches at most as far as the key that asks: scopes, networks, senders and end. Scope: api-keys:write. */
      create: (input: ApiKeysCreateInput, options?: CallOptions) =>
        transport.json<ApiKeysCreateOutput>({ method: 'POST', path: '/v1/api-keys', json: input }, options),
      /** List API keys, newest first. Revoked keys stay in the list. Secrets are never shown. Scope: api-keys:read. */
      list: (input: ApiKeysListInput = {}, options?: CallOptions) =>
        transport.json<ApiKeysListOutput>({ method: 'GET', path: '/v1/api-keys', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<ApiKeysListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<ApiKey>((cursor) => transport.json<ApiKeysListOutput>({ method: 'GET', path: '/v1/api-keys', query: { ...input, cursor } }, options)),
      /** Make a new key in the place of one. The new key has the same name, scopes, networks, senders and expiry. The old one ends after the overlap. Whoever asks must reach as far as the key itself. Scope: api-keys:write. */
      rotate: (apiKeyId: string, input: ApiKeysRotateInput = {}, options?: CallOptions) =>
        transport.json<ApiKeysCreateOutput>({ method: 'POST', path: `/v1/api-keys/${segment(apiKeyId)}/rotate`, json: input }, options),
      /** Revoke an API key. The key stops working within a second, also for the one that asks. It stays in the list. Scope: api-keys:write. */
      revoke: (apiKeyId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/api-keys/${segment(apiKeyId)}` }, options),
      /** Report an API key that others can read. Takes no authentication but the key itself, which works for nothing else here. What can do more than send is revoked at once; a key that can only send goes on for 72 hours from the networks where it worked before, unless its onLeak says otherwise. The owners are told. Scope: public. */
      reportLeak: (input: ApiKeysReportLeakInput, options?: CallOptions) =>
        transport.json<ApiKeysReportLeakOutput>({ method: 'POST', path: '/v1/leaked-keys/report', json: input }, options),
    },
    smtpCredentials: {
      /** Make an SMTP user name and password. Both are generated. The password is shown once. It sends, so whoever asks needs messages:send, and it reaches at most as far: networks, senders and end. Scope: smtp-credentials:write. */
      create: (input: SmtpCredentialsCreateInput, options?: CallOptions) =>
        transport.json<SmtpCredentialsCreateOutput>({ method: 'POST', path: '/v1/smtp-credentials', json: input }, options),
      /** List SMTP credentials, newest first. Revoked ones stay in the list. Passwords are never shown. Scope: smtp-credentials:read. */
      list: (input: SmtpCredentialsListInput = {}, options?: CallOptions) =>
        transport.json<SmtpCredentialsListOutput>({ method: 'GET', path: '/v1/smtp-credentials', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<SmtpCredentialsListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<SmtpCredential>((cursor) => transport.json<SmtpCredentialsListOutput>({ method: 'GET', path: '/v1/smtp-credentials', query: { ...input, cursor } }, options)),
      /** Make a new user name and password in the place of one. The new one has the same name, networks, senders and expiry. The old one ends after the overlap; open sessions of it are closed then. Scope: smtp-credentials:write. */
      rotate: (smtpCredentialId: string, input: SmtpCredentialsRotateInput = {}, options?: CallOptions) =>
        transport.json<SmtpCredentialsCreateOutput>({ method: 'POST', path: `/v1/smtp-credentials/${segment(smtpCredentialId)}/rotate`, json: input }, options),
      /** Revoke an SMTP credential. New log-ins fail within a second; open sessions are closed. Scope: smtp-credentials:write. */
      revoke: (smtpCredentialId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/smtp-credentials/${segment(smtpCredentialId)}` }, options),
    },
    federationRules: {
      /** Let a workload of another platform have keys. A token of the issuer with this audience and subject is exchanged for a key that lives at most an hour. Only people make rules, and none gives more than its maker has. Scope: federation:write. */
      create: (input: FederationRulesCreateInput, options?: CallOptions) =>
        transport.json<FederationRule>({ method: 'POST', path: '/v1/federation/rules', json: input }, options),
      /** List federation rules, newest first. Revoked rules stay in the list. Scope: federation:read. */
      list: (input: FederationRulesListInput = {}, options?: CallOptions) =>
        transport.json<FederationRulesListOutput>({ method: 'GET', path: '/v1/federation/rules', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<FederationRulesListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<FederationRule>((cursor) => transport.json<FederationRulesListOutput>({ method: 'GET', path: '/v1/federation/rules', query: { ...input, cursor } }, options)),
      /** Revoke a federation rule. It gives no key any more. Keys that it gave live on for their hour at most: revoke them by name. Scope: federation:write. */
      revoke: (federationRuleId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/federation/rules/${segment(federationRuleId)}` }, options),
    },
    federation: {
      /** Exchange the token of a workload for a key. Takes no authentication but the token. It is exchanged once; every refusal reads the same, and the log of the installation says what was wrong. Scope: public. */
      exchange: (input: FederationExchangeInput, options?: CallOptions) =>
        transport.json<FederationExchangeOutput>({ method: 'POST', path: '/v1/federation/token', json: input }, options),
    },
    epochs: {
      /** End every credential of a kind at once. All API keys, SMTP credentials or sessions of the workspace that were made until now are dead within a second: requests, event streams and SMTP connections. The key that asks dies too where the kind includes it. Nothing brings them back; make new ones. Scope: credentials:kill. */
      bump: (input: EpochsBumpInput, options?: CallOptions) =>
        transport.json<EpochsBumpOutput>({ method: 'POST', path: '/v1/epochs', json: input }, options),
      /** Show what has ended credentials of this workspace as a whole. The floors of the workspace and of the installation, the youngest first; at most 1,000. Scope: credentials:kill. */
      list: (options?: CallOptions) =>
        transport.json<EpochsListOutput>({ method: 'GET', path: '/v1/epochs' }, options),
    },
    containments: {
      /** Cut something off in this workspace. When it answers, nothing that it forbids is in flight and nothing of it commits any more. The blocked party is told the reason, the incident, until when, and where to object. Nothing else is changed, so that a lift restores exactly what was. Look at the preview first. Scope: containments:write. */
      create: (input: ContainmentsCreateInput, options?: CallOptions) =>
        transport.json<ContainmentsCreateOutput>({ method: 'POST', path: '/v1/containments', json: input }, options),
      /** List what is or was cut off, newest first. Those of the workspace, and those of the whole installation while they are in force. Scope: containments:read. */
      list: (input: ContainmentsListInput = {}, options?: CallOptions) =>
        transport.json<ContainmentsListOutput>({ method: 'GET', path: '/v1/containments', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<ContainmentsListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<Containment>((cursor) => transport.json<ContainmentsListOutput>({ method: 'GET', path: '/v1/containments', query: { ...input, cursor } }, options)),
      /** Show what a containment would block and what it would cost. By what the workspace did in the last minutes: rates per minute by capability, lane, kind of process and credential, what waits, who is live, which part of it is legitimate, and the narrowest containment that would do. It changes nothing. Scope: containments:read. */
      preview: (input: ContainmentsPreviewInput, options?: CallOptions) =>
        transport.json<ContainmentsPreviewOutput>({ method: 'POST', path: '/v1/containments/preview', json: input }, options),
      /** Show a containment, its reason, and who has asked to lift it. Scope: containments:read. */
      get: (containmentId: string, options?: CallOptions) =>
        transport.json<Containment>({ method: 'GET', path: `/v1/containments/${segment(containmentId)}` }, options),
      /** Ask for a lift, as the first of two people. The containment stays in force until another key, which like yours was made before the containment, lifts it. What staff contained only staff lift. Scope: containments:write. */
      requestLift: (containmentId: string, input: ContainmentsRequestLiftInput, options?: CallOptions) =>
        transport.json<Containment>({ method: 'POST', path: `/v1/containments/${segment(containmentId)}/request-lift`, json: input }, options),
      /** Lift a containment, as the second of two people. Effective when it answers. Everything is as it was before, because nothing else was changed. Scope: containments:write. */
      lift: (containmentId: string, input: ContainmentsLiftInput, options?: CallOptions) =>
        transport.json<Containment>({ method: 'POST', path: `/v1/containments/${segment(containmentId)}/lift`, json: input }, options),
    },
    inbox: {
      /** List captured mail, newest first. With BULKHEAD_OUTBOUND=capture all outgoing mail lands here. Scope: inbox:read. */
      list: (input: InboxListInput = {}, options?: CallOptions) =>
        transport.json<InboxListOutput>({ method: 'GET', path: '/v1/inbox', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<InboxListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<InboxItem>((cursor) => transport.json<InboxListOutput>({ method: 'GET', path: '/v1/inbox', query: { ...input, cursor } }, options)),
      /** Show a captured message, parsed and checked. Scope: inbox:read. */
      get: (capturedId: string, options?: CallOptions) =>
        transport.json<InboxGetOutput>({ method: 'GET', path: `/v1/inbox/${segment(capturedId)}` }, options),
      /** The source of a captured message, byte for byte. Scope: inbox:read. */
      source: (capturedId: string, options?: CallOptions) =>
        transport.bytes({ method: 'GET', path: `/v1/inbox/${segment(capturedId)}/source` }, options),
      /** One attachment of a captured message. Always as application/octet-stream, so that no browser runs it; its own type is in the message. Scope: inbox:read. */
      attachment: (capturedId: string, index: number, options?: CallOptions) =>
        transport.bytes({ method: 'GET', path: `/v1/inbox/${segment(capturedId)}/attachments/${segment(index)}` }, options),
      /** Empty the inbox. Scope: inbox:write. */
      clear: (options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: '/v1/inbox' }, options),
      /** Get an address that shows the HTML of a captured message in a sandboxed frame. The address needs no key and works for 60 seconds, for this message only. Scope: inbox:read. */
      view: (capturedId: string, options?: CallOptions) =>
        transport.json<CapturedView>({ method: 'POST', path: `/v1/inbox/${segment(capturedId)}/view` }, options),
    },
    audit: {
      /** List who did what in this workspace, newest first. An act appears within a second. What processes opened with the keyring is here too, as keyring.unwrapped. Scope: audit:read. */
      list: (input: AuditListInput = {}, options?: CallOptions) =>
        transport.json<AuditListOutput>({ method: 'GET', path: '/v1/audit', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<AuditListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<AuditItem>((cursor) => transport.json<AuditListOutput>({ method: 'GET', path: '/v1/audit', query: { ...input, cursor } }, options)),
      /** List who did what in the installation, newest first. Needs the operator's key. Only records that belong to no workspace: staff, rotations, shredded workspaces, refusals of the keyring. What happened in a workspace is read with its own keys. Scope: installation-audit:read. */
      listInstallation: (input: AuditListInstallationInput = {}, options?: CallOptions) =>
        transport.json<AuditListOutput>({ method: 'GET', path: '/v1/installation/audit', query: input }, options),
      /** Each item of `listInstallation`, page after page. */
      listInstallationAll: (input: Omit<AuditListInstallationInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<AuditItem>((cursor) => transport.json<AuditListOutput>({ method: 'GET', path: '/v1/installation/audit', query: { ...input, cursor } }, options)),
      /** Get where the audit log stands: signed, cosigned, or why it waits. Scope: audit:read. */
      state: (options?: CallOptions) =>
        transport.json<AuditStateOutput>({ method: 'GET', path: '/v1/audit/state' }, options),
      /** Export the audit log of this workspace with proofs, oldest first. NDJSON: a header with the signed checkpoint, a line per record with its salt and inclusion proof, an end. `bulkhead audit verify` checks it offline. More follows where the end says so: ask again from its next. Scope: audit:read. */
      export: (input: AuditExportInput = {}, options?: CallOptions) =>
        transport.bytes({ method: 'GET', path: '/v1/audit/export', query: input }, options),
      /** Get an entry of the audit log with its proof. Scope: audit:read. */
      get: (index: number, options?: CallOptions) =>
        transport.json<AuditGetOutput>({ method: 'GET', path: `/v1/audit/${segment(index)}` }, options),
    },
    workspaces: {
      /** Make a workspace and its first API key. Needs the operator's key. The API key has all scopes and is shown once. Scope: workspaces:write. */
      create: (input: WorkspacesCreateInput, options?: CallOptions) =>
        transport.json<WorkspacesCreateOutput>({ method: 'POST', path: '/v1/workspaces', json: input }, options),
      /** List the workspaces of the installation, oldest first. Needs the operator's key. Scope: workspaces:read. */
      list: (input: WorkspacesListInput = {}, options?: CallOptions) =>
        transport.json<WorkspacesListOutput>({ method: 'GET', path: '/v1/workspaces', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<WorkspacesListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<Workspace>((cursor) => transport.json<WorkspacesListOutput>({ method: 'GET', path: '/v1/workspaces', query: { ...input, cursor } }, options)),
      /** Show the caller's own workspace. Scope: workspace:read. */
      own: (options?: CallOptions) =>
        transport.json<Workspace>({ method: 'GET', path: '/v1/workspace' }, options),
    },
    keyring: {
      /** Which root wraps how many keys, budgets, and the last rotation. Needs the operator's key. It shows fingerprints and counts, never a key. Scope: keyring:read. */
      status: (options?: CallOptions) =>
        transport.json<KeyringStatusOutput>({ method: 'GET', path: '/v1/keyring' }, options),
      /** How far the rotation of keys is. Needs the operator's key. Answers the one that runs, or else the last one. Scope: keyring:read. */
      rotation: (options?: CallOptions) =>
        transport.json<KeyringRotationOutput>({ method: 'GET', path: '/v1/keyring/rotation' }, options),
      /** Make new keys and wrap what there is anew, while everything goes on. Needs the operator's key. root: wraps under the configured root what an earlier one wrapped. workspace: new keys for one workspace. all: both, for every workspace. One rotation runs at a time; it goes on after any process was killed. Scope: keyring:write. */
      rotate: (input: KeyringRotateInput, options?: CallOptions) =>
        transport.json<KeyringRotateOutput>({ method: 'POST', path: '/v1/keyring/rotation', json: input }, options),
      /** Workspaces whose keys are to be destroyed or were. Needs the operator's key. The latest first, at most 1,000. Scope: keyring:read. */
      listShreds: (options?: CallOptions) =>
        transport.json<KeyringListShredsOutput>({ method: 'GET', path: '/v1/keyring/shreds' }, options),
      /** Destroy a workspace's keys after a delay, for good. Needs the operator's key. Until `executeAt` it can be cancelled; then addresses, bodies, secrets and DKIM keys of the workspace never open again, in this database. A backup opens what it held for as long as its root key exists: rotate the root afterwards and destroy the old one. Scope: keyring:write. */
      requestShred: (workspaceId: string, options?: CallOptions) =>
        transport.json<KeyringRequestShredOutput>({ method: 'POST', path: `/v1/keyring/shreds/${segment(workspaceId)}` }, options),
      /** Cancel the destruction of a workspace while it waits. Needs the operator's key. Scope: keyring:write. */
      cancelShred: (workspaceId: string, options?: CallOptions) =>
        transport.json<KeyringRequestShredOutput>({ method: 'DELETE', path: `/v1/keyring/shreds/${segment(workspaceId)}` }, options),
    },
    systemMail: {
      /** Whether the installation's own mail can be sent, and the DNS records of its domain. Needs the operator's key. Verification, reset, invitations and security notices are sent from BULKHEAD_SYSTEM_FROM. Scope: workspaces:read. */
      get: (options?: CallOptions) =>
        transport.json<SystemMailGetOutput>({ method: 'GET', path: '/v1/system-mail' }, options),
      /** Send a test letter as the installation. Needs the operator's key. The letter holds nothing but that it is a test. Scope: workspaces:write. */
      test: (input: SystemMailTestInput, options?: CallOptions) =>
        transport.json<SystemMailTestOutput>({ method: 'POST', path: '/v1/system-mail/test', json: input }, options),
    },
    changes: {
      /** List changes of senders, domains, webhooks, owners and admins, newest first. Each was told to all who were told of such things before it, by mail and by webhook. What is new in an established workspace does nothing for 24 hours. Scope: alerts:read. */
      list: (input: ChangesListInput = {}, options?: CallOptions) =>
        transport.json<ChangesListOutput>({ method: 'GET', path: '/v1/changes', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<ChangesListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<Change>((cursor) => transport.json<ChangesListOutput>({ method: 'GET', path: '/v1/changes', query: { ...input, cursor } }, options)),
      /** Let something new count at once. For a second owner: one who was there before the change and did not make it. Mail that was held goes at once. Scope: members:write. */
      approve: (changeId: string, options?: CallOptions) =>
        transport.json<ChangesApproveOutput>({ method: 'POST', path: `/v1/changes/${segment(changeId)}/approve` }, options),
      /** Take away something new. For a second owner. The sender, domain or webhook is deleted (a changed webhook is disabled), the membership ends, mail that was held is cancelled. Scope: members:write. */
      reject: (changeId: string, options?: CallOptions) =>
        transport.json<ChangesApproveOutput>({ method: 'POST', path: `/v1/changes/${segment(changeId)}/reject` }, options),
    },
    alerts: {
      /** List security alerts of the workspace, newest first. What was noticed around the accounts of its people. One alert goes on while the attack does. Scope: alerts:read. */
      list: (input: AlertsListInput = {}, options?: CallOptions) =>
        transport.json<AlertsListOutput>({ method: 'GET', path: '/v1/alerts', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<AlertsListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<Alert>((cursor) => transport.json<AlertsListOutput>({ method: 'GET', path: '/v1/alerts', query: { ...input, cursor } }, options)),
      /** Show a security alert. Scope: alerts:read. */
      get: (alertId: string, options?: CallOptions) =>
        transport.json<Alert>({ method: 'GET', path: `/v1/alerts/${segment(alertId)}` }, options),
      /** Say that a security alert was seen. Who acknowledges first is noted. Nothing else changes: marks on people stay. Scope: alerts:write. */
      acknowledge: (alertId: string, options?: CallOptions) =>
        transport.empty({ method: 'POST', path: `/v1/alerts/${segment(alertId)}/acknowledge` }, options),
      /** List security alerts of the installation, newest first. Needs the operator's key. Attacks on the installation as a whole, and on single people; what concerns a workspace is read with its own keys. Scope: installation-alerts:read. */
      listInstallation: (input: AlertsListInstallationInput = {}, options?: CallOptions) =>
        transport.json<AlertsListOutput>({ method: 'GET', path: '/v1/installation/alerts', query: input }, options),
      /** Each item of `listInstallation`, page after page. */
      listInstallationAll: (input: Omit<AlertsListInstallationInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<Alert>((cursor) => transport.json<AlertsListOutput>({ method: 'GET', path: '/v1/installation/alerts', query: { ...input, cursor } }, options)),
      /** Say that a security alert of the installation was seen. Needs the operator's key. Scope: installation-alerts:write. */
      acknowledgeInstallation: (alertId: string, options?: CallOptions) =>
        transport.empty({ method: 'POST', path: `/v1/installation/alerts/${segment(alertId)}/acknowledge` }, options),
    },
    honey: {
      /** Make an account that nobody has: whoever tries it sets off an alarm. Needs the operator's key. Answers of log-in, reset and sign-up are the same as for other addresses, and there is never a session. Put the address where only a thief finds it: into an export, a test list, a document. Scope: people:write. */
      add: (input: HoneyAddInput, options?: CallOptions) =>
        transport.json<HoneyAddOutput>({ method: 'POST', path: '/v1/honey-accounts', json: input }, options),
      /** List honey accounts, and when somebody tried them. Needs the operator's key. At most 1,000. Scope: people:read. */
      list: (options?: CallOptions) =>
        transport.json<HoneyListOutput>({ method: 'GET', path: '/v1/honey-accounts' }, options),
      /** Remove a honey account. Needs the operator's key. The account of a person is never removed by this. Scope: people:write. */
      remove: (personId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/honey-accounts/${segment(personId)}` }, options),
    },
    inventory: {
      /** What is stored, of which class, sealed by what, and who can read it. Read from the database's own catalog: every table and column, none left out. Needs the operator's key. It holds no row of anybody. Scope: workspaces:read. */
      read: (options?: CallOptions) =>
        transport.json<InventoryReadOutput>({ method: 'GET', path: '/v1/inventory' }, options),
    },
    logIn: {
      /** Begin a log-in with address and password. Answers the same 401 for an address that nobody has, a wrong password, an account that is suspended or must set a new password, and a password that is known from a breach. A right password answers what comes next. Scope: public. */
      withPassword: (input: LogInWithPasswordInput, options?: CallOptions) =>
        transport.json<LogInWithPasswordOutput>({ method: 'POST', path: '/v1/log-in', json: input }, options),
      /** Show the code that was mailed during a log-in. A code is mailed where the address was probed by somebody and the device is unknown, and before the first second factor is added from an unknown device. Five tries. Scope: public. */
      confirmEmailCode: (input: LogInConfirmEmailCodeInput, options?: CallOptions) =>
        transport.json<LogInWithPasswordOutput>({ method: 'POST', path: '/v1/log-in/email-code', json: input }, options),
      /** Finish a log-in with a second factor. Five tries for each challenge. Guesses of codes are counted over all challenges of the person too; a passkey works in any case. Scope: public. */
      showSecondFactor: (input: LogInShowSecondFactorInput, options?: CallOptions) =>
        transport.json<AccountCompleteSignUpOutput>({ method: 'POST', path: '/v1/log-in/second-factor', json: input }, options),
      /** Ask for what a browser needs to show a passkey. With a challenge the passkeys of its person are listed. Without one the browser offers what it has: a log-in without address and password. Scope: public. */
      passkeyOptions: (input: LogInPasskeyOptionsInput = {}, options?: CallOptions) =>
        transport.json<LogInPasskeyOptionsOutput>({ method: 'POST', path: '/v1/log-in/passkey/options', json: input }, options),
      /** Log in with a passkey alone. The passkey says who it is and has asked for a PIN or a finger: two factors in one. Scope: public. */
      withPasskey: (input: LogInWithPasskeyInput, options?: CallOptions) =>
        transport.json<AccountCompleteSignUpOutput>({ method: 'POST', path: '/v1/log-in/passkey', json: input }, options),
    },
    sessions: {
      /** List your own sessions. Where you are logged in, the last used first; at most 200. Scope: account. */
      list: (options?: CallOptions) =>
        transport.json<SessionsListOutput>({ method: 'GET', path: '/v1/sessions' }, options),
      /** End one of your sessions. It is dead within a second, streams included. Scope: account. */
      end: (sessionId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/sessions/${segment(sessionId)}` }, options),
      /** End all your sessions, or all but this one. Scope: account. */
      endAll: (input: SessionsEndAllInput = {}, options?: CallOptions) =>
        transport.json<SessionsEndAllOutput>({ method: 'DELETE', path: '/v1/sessions', query: input }, options),
      /** End this session. The device stays known: the next log-in from it needs no code by mail. Scope: account:self. */
      logOut: (options?: CallOptions) =>
        transport.empty({ method: 'POST', path: '/v1/log-out' }, options),
      /** Show your second factor again. Some operations take a session whose second factor was shown lately: they answer step_up_required and how lately. docs/log-in.md lists them. Scope: account. */
      stepUp: (input: SessionsStepUpInput = {}, options?: CallOptions) =>
        transport.empty({ method: 'POST', path: '/v1/session/step-up', json: input }, options),
      /** Ask for what a browser needs to show a passkey again. Scope: account. */
      stepUpOptions: (options?: CallOptions) =>
        transport.json<LogInPasskeyOptionsOutput>({ method: 'POST', path: '/v1/session/step-up/options' }, options),
    },
    factors: {
      /** List your second factors. Scope: account:enrol. */
      list: (options?: CallOptions) =>
        transport.json<FactorsListOutput>({ method: 'GET', path: '/v1/account/factors' }, options),
      /** Begin to add a passkey. Answers what a browser needs to make one. A session that has shown no second factor may add the first only; others must have shown theirs within five minutes. Scope: account:enrol. */
      beginPasskey: (options?: CallOptions) =>
        transport.json<FactorsBeginPasskeyOutput>({ method: 'POST', path: '/v1/account/passkeys/options' }, options),
      /** Add a passkey. Takes what `navigator.credentials.create` answered. You are told of it by mail. Scope: account:enrol. */
      addPasskey: (input: FactorsAddPasskeyInput, options?: CallOptions) =>
        transport.json<FactorsAddPasskeyOutput>({ method: 'POST', path: '/v1/account/passkeys', json: input }, options),
      /** Begin to add an authenticator app. Answers the secret for the app, this once. The app is a factor after its first right code, and takes the place of an older one. Who may: as for a passkey. Scope: account:enrol. */
      beginTotp: (options?: CallOptions) =>
        transport.json<FactorsBeginTotpOutput>({ method: 'POST', path: '/v1/account/totp' }, options),
      /** Confirm an authenticator app with its first code. Within an hour of beginning. You are told of it by mail. Scope: account:enrol. */
      confirmTotp: (input: FactorsConfirmTotpInput, options?: CallOptions) =>
        transport.json<FactorsAddPasskeyOutput>({ method: 'POST', path: '/v1/account/totp/confirm', json: input }, options),
      /** Make ten new recovery codes. Those from before work no more. They are shown this once. You are told of it by mail. Scope: account. */
      makeRecoveryCodes: (options?: CallOptions) =>
        transport.json<FactorsMakeRecoveryCodesOutput>({ method: 'POST', path: '/v1/account/recovery-codes' }, options),
      /** Remove a passkey or the authenticator app. Your other sessions end, and you are told of it by mail. The last factor stays while a workspace of yours demands one, and the last passkey while one takes passkeys only. Scope: account. */
      remove: (factorId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/account/factors/${segment(factorId)}` }, options),
    },
  }
}
