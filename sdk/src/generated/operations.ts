// Made by npm run gen from the operation registry. Do not edit: change the operation and run it again.

import { streamEvents, type LiveEvent, type StreamOptions } from '../event-stream.ts'
import { eachItem } from '../pages.ts'
import { segment, type CallOptions, type MimeSource, type SendOptions, type Transport } from '../transport.ts'

export interface AcceptedMessage {
  readonly id: string
  /** The same for all messages of one atomic batch: the id of its first. Else that of the message. */
  readonly requestId: string
  readonly recipients: readonly ({
    readonly number: number
    readonly email: string
    readonly state: "pending" | "scheduled" | "held" | "delivered" | "bounced" | "expired" | "suppressed" | "cancelled" | "uncertain"
    /** Why it is suppressed. */
    readonly reason?: "unsubscribe" | "topic" | "hard_bounce" | "complaint" | "manual"
  })[]
}

export type Address = string | {
  readonly email: string
  readonly name?: string | undefined
}

export interface ApiKeyUse {
  readonly apiKeyId: string
  /** false: the key was shown from a network from which it does not work. */
  readonly allowed: boolean
  /** /24 of IPv4, /48 of IPv6. */
  readonly network: string
  /** First word of its User-Agent; null where it said none, or was refused. */
  readonly program: string | null
  readonly firstAt: string
  /** Kept to within half a minute. */
  readonly lastAt: string
}

export interface Batch {
  readonly id: string
  /** paused: what is due waits; cancelled: what is due is cancelled; active: neither. */
  readonly state: "active" | "paused" | "cancelled"
  readonly takesMessagesUntil: string
  readonly createdAt: string
  readonly updatedAt: string
}

export interface BatchOutcome {
  readonly index: number
  /** 202 accepted, 200 checked by a dry run, else the status this message would have had alone. */
  readonly status: number
  readonly message?: AcceptedMessage
  readonly problem?: Problem
}

export interface Broadcast {
  readonly id: string
  readonly name: string
  readonly listId: string
  readonly topicId: string | null
  readonly from: {
    readonly email: string
    readonly name?: string
  }
  readonly replyTo: readonly ({
    readonly email: string
    readonly name?: string
  })[]
  readonly subject: string
  readonly previewText: string | null
  /** The language in which it is written. Those of other vendors are rendered as theirs are. */
  readonly dialect: "liquid" | "sendgrid-handlebars" | "sendgrid-legacy" | "mandrill-handlebars" | "merge-tags" | "resend"
  /** queued: the audience is being frozen. sent: every member has a last state. */
  readonly state: "draft" | "scheduled" | "queued" | "sending" | "sent" | "cancelled" | "failed"
  /** Why it does not go on at the moment: contained, limit, keyring, unavailable, sender_revoked. */
  readonly waitsFor: string | null
  /** Why it failed. */
  readonly problem: string | null
  readonly progress: BroadcastProgress
  readonly scheduledAt: string | null
  readonly queuedAt: string | null
  readonly finishedAt: string | null
  readonly createdAt: string
  readonly updatedAt: string
}

export interface BroadcastDetail {
  readonly id: string
  readonly name: string
  readonly listId: string
  readonly topicId: string | null
  readonly from: {
    readonly email: string
    readonly name?: string
  }
  readonly replyTo: readonly ({
    readonly email: string
    readonly name?: string
  })[]
  readonly subject: string
  readonly previewText: string | null
  /** The language in which it is written. Those of other vendors are rendered as theirs are. */
  readonly dialect: "liquid" | "sendgrid-handlebars" | "sendgrid-legacy" | "mandrill-handlebars" | "merge-tags" | "resend"
  /** queued: the audience is being frozen. sent: every member has a last state. */
  readonly state: "draft" | "scheduled" | "queued" | "sending" | "sent" | "cancelled" | "failed"
  /** Why it does not go on at the moment: contained, limit, keyring, unavailable, sender_revoked. */
  readonly waitsFor: string | null
  /** Why it failed. */
  readonly problem: string | null
  readonly progress: BroadcastProgress
  readonly scheduledAt: string | null
  readonly queuedAt: string | null
  readonly finishedAt: string | null
  readonly createdAt: string
  readonly updatedAt: string
  readonly html: string | null
  readonly text: string | null
}

export interface BroadcastProgress {
  /** Members of the audience, as far as it is frozen. */
  readonly total: number
  readonly pending: number
  /** A message was accepted for them; what became of it is in the ledger. */
  readonly sent: number
  /** Had unsubscribed, or left the topic. */
  readonly skipped: number
  readonly suppressed: number
  readonly failed: number
  readonly cancelled: number
}

export interface BroadcastRecipient {
  readonly contactId: string
  /** Null where the contact is deleted. */
  readonly email: string | null
  readonly state: "pending" | "sent" | "skipped" | "suppressed" | "failed" | "cancelled"
  /** Why, in a word, such as unsubscribed or hard_bounce. */
  readonly reason: string | null
  readonly messageId: string | null
  /** Since when it is in this state. */
  readonly at: string
}

export interface CapturedView {
  /** A path on this server. With &scheme=dark it shows the variant for dark mode. */
  readonly url: string
  readonly expiresAt: string
  /** Images, styles and fonts from elsewhere that the message names; none of them is loaded. */
  readonly remoteResources: number
}

export interface Contact {
  readonly id: string
  readonly email: string
  readonly firstName: string | null
  readonly lastName: string | null
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  /** No broadcast goes there: the person left by a link or a mail, or the workspace said so. */
  readonly unsubscribed: boolean
  readonly unsubscribedAt: string | null
  readonly createdAt: string
  readonly updatedAt: string
}

export interface ContactCount {
  readonly contacts: number
  readonly unsubscribed: number
}

export interface ContactList {
  readonly id: string
  readonly name: string
  readonly description: string | null
  /** How many are on it. */
  readonly contacts: number
  readonly createdAt: string
  readonly updatedAt: string
}

export interface DoorNetwork {
  /** Names it within the door. */
  readonly number: number
  readonly door: "sendgrid" | "resend" | "mandrill"
  readonly cidr: string
  readonly createdAt: string
  readonly createdBy: string
}

export interface Event {
  readonly id: string
  readonly type: string
  readonly at: string
  readonly messageId: string
  readonly recipient: number | null
  readonly detail: Readonly<Record<string, unknown>>
}

export interface Finish {
  /** Literal texts and what stands in their place. */
  readonly replace?: {
    readonly html?: Readonly<Record<string, string>>
    readonly text?: Readonly<Record<string, string>>
  }
  /** At the end of what there is; in HTML before </body>. */
  readonly append?: {
    readonly html?: string
    readonly text?: string
  }
  /** Added to the query of http and https links of html that do not have them. */
  readonly linkParameters?: Readonly<Record<string, string>>
  /** linkParameters are added to links of these domains, and of names below them, alone. */
  readonly linkDomains?: readonly string[]
  /** Writes what style elements say into the elements that it is about as well. HTML of more than 256 Ki characters stays as it is. */
  readonly inlineCss?: boolean
}

export interface HtmlView {
  /** A path on this server. With ?scheme=dark it shows the variant for dark mode. */
  readonly url: string
  readonly expiresAt: string
  /** Images, styles and fonts from elsewhere that the HTML names; none of them is loaded. */
  readonly remoteResources: number
}

export interface LinkDomain {
  readonly id: string
  readonly name: string
  /** Links of new mail lead to the oldest verified one. */
  readonly state: "pending" | "verified" | "failing"
  readonly record: {
    readonly type: "CNAME"
    /** The name to publish at. */
    readonly name: string
    /** What to publish. */
    readonly value: string
    /** What DNS answered at the last check. */
    readonly found: readonly string[]
    /** What to change. */
    readonly advice: string | null
  }
  readonly createdAt: string
  readonly verifiedAt: string | null
  readonly checkedAt: string | null
  /** Since when a verified one lacks its record; it is used for 72 hours more. */
  readonly failingSince: string | null
}

export interface ListAdded {
  readonly added: number
  /** Were on it, or named twice. */
  readonly unchanged: number
}

export interface ListRemoved {
  readonly removed: number
  /** Were not on it. */
  readonly unchanged: number
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
  /** What it was rendered from. */
  readonly template: {
    readonly id: string
    readonly version: number
  } | null
  readonly topic: string | null
  /** The broadcast that it is the mail of. */
  readonly broadcast: string | null
  readonly batch: string | null
  /** Its name. */
  readonly subaccount: string | null
  /** The same for all messages of one atomic batch: the id of its first. Else that of the message. */
  readonly requestId: string
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
  /** Reasons of suppressions that do not stop it. */
  readonly bypass: readonly ("unsubscribe" | "topic" | "hard_bounce" | "complaint" | "manual")[]
  /** The message whose content this one sends again. */
  readonly resentFrom: string | null
  /** Messages that send the content of this one again, the oldest first. */
  readonly resentAs: readonly ({
    readonly id: string
    readonly at: string
    readonly recipients: number
  })[]
  readonly recipients: readonly Recipient[]
  readonly timeline: readonly TimelineEntry[]
}

export interface MessageParts {
  /** Untrusted. Show it in a sandboxed frame only. */
  readonly html: string | null
  readonly text: string | null
  readonly headers: readonly ({
    readonly name: string
    readonly value: string
  })[]
  readonly attachments: readonly ({
    readonly filename: string | null
    readonly contentType: string
    readonly sizeBytes: number
    readonly inline: boolean
  })[]
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
  /** What it was rendered from. */
  readonly template: {
    readonly id: string
    readonly version: number
  } | null
  readonly topic: string | null
  /** The broadcast that it is the mail of. */
  readonly broadcast: string | null
  readonly batch: string | null
  /** Its name. */
  readonly subaccount: string | null
  /** The same for all messages of one atomic batch: the id of its first. Else that of the message. */
  readonly requestId: string
  readonly sizeBytes: number
  readonly recipientCount: number
  /** How many recipients are in which state. */
  readonly states: Readonly<Partial<Record<"pending" | "scheduled" | "held" | "delivered" | "bounced" | "expired" | "suppressed" | "cancelled" | "uncertain", number>>>
  readonly createdAt: string
  readonly sendAt: string | null
  readonly expiresAt: string
}

export interface MessageTracking {
  readonly messageId: string
  readonly data: readonly ({
    readonly kind: "open" | "click"
    /** Number of the recipient; null where the message has several. */
    readonly recipient: number | null
    /** Place among the tracked links of the message, from 0; null for opens. */
    readonly link: number | null
    /** How often, by whom. */
    readonly fetched: Readonly<Partial<Record<"person" | "proxy" | "scanner" | "unknown", number>>>
    readonly firstAt: string
    readonly lastAt: string
  })[]
}

export interface MessageWebhookDelivery {
  readonly id: string
  readonly webhookId: string
  /** Where it goes, as the endpoint is now. */
  readonly url: string
  readonly eventId: string
  readonly type: string
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

export interface Outcome {
  readonly messageId: string
  /** Its number within the message. */
  readonly recipient: number
  /** Null where its key was destroyed. */
  readonly email: string | null
  readonly state: "bounced" | "expired" | "suppressed" | "cancelled" | "uncertain"
  readonly at: string
  readonly attempts: number
  /** Whom a refusal was about: recipient, content, policy and others. */
  readonly class: string | null
  /** Of the last reply. */
  readonly code: number | null
  /** Its enhanced status code (RFC 3463). */
  readonly enhanced: string | null
  /** Its words, without addresses. */
  readonly reply: string | null
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
    /** Of code template_failed: where in the source, from 1. */
    readonly line?: number
    /** As line. */
    readonly column?: number
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
  /** Of codes rate_limited, quota_exceeded and too_many_recipients: the limit that refused it. */
  readonly limit?: {
    /** As in the header RateLimit-Policy. */
    readonly name: string
    readonly amount: number
    readonly period: string
    readonly lane: string
    readonly used: number
    /** Recipients of what was refused. */
    readonly wanted: number
    readonly resetsAt: string
    /** Waiting so long is enough if nobody else sends; null: it never fits. */
    readonly retryAfterSeconds: number | null
  }
}

export interface QueueLine {
  readonly lane: "critical" | "transactional" | "bulk" | "internal"
  /** Null: nothing has gone there yet. */
  readonly site: string | null
  readonly provider: string | null
  /** Where it leaves from. */
  readonly pool: string
  readonly state: "ready" | "line" | "deferred" | "scheduled" | "in flight" | "held" | "contained"
  readonly recipients: number
  readonly oldestDue: string | null
  /** When the oldest of it was accepted. */
  readonly oldestAcceptedAt: string
  /** Why it waits, in one sentence; null where nothing keeps it. */
  readonly why: string | null
  readonly heldBy: {
    readonly actId: string
    readonly kind: "pause" | "hold" | "release" | "requeue" | "expire"
    readonly by: "workspace" | "operator" | "staff"
    readonly reason: string
    readonly until: string | null
  } | null
  /** What was learnt from replies and is in force there. */
  readonly overlays: readonly ({
    readonly id: string
    readonly kind: "suspend" | "set"
    readonly rule: string
    readonly reason: string
    readonly source: string | null
    readonly until: string
    readonly settings: Readonly<Record<string, unknown>>
    /** The last reply that led to it; the operator sees it. */
    readonly reply: string | null
  })[]
  /** Of a line: how much its site is given. */
  readonly limits: readonly ({
    readonly key: string
    readonly value: string
    readonly layer: string
    readonly rule: string
  })[]
}

export interface Quota {
  /** As in the header RateLimit-Policy. */
  readonly name: string
  /** installation: set by whoever runs the server; workspace: by its own people; credential: for one of its keys. */
  readonly scope: "installation" | "workspace" | "credential"
  /** Of scope credential: which API key or SMTP credential. */
  readonly credential: {
    readonly id: string
    readonly name: string
  } | null
  /** all: every lane that has no limit of its own for this period. */
  readonly lane: "all" | "critical" | "transactional" | "bulk" | "internal"
  readonly period: "minute" | "hour" | "day" | "month"
  /** Recipients in the period. */
  readonly amount: number
  /** How many at once. */
  readonly burst: number
  readonly used: number
  /** What fits now; other limits may hold less. */
  readonly remaining: number
  /** When nothing of it is used any more, if nothing is sent. */
  readonly resetsAt: string
  /** What was sent before is not in it. */
  readonly countedSince: string
  readonly setAt: string
  readonly setBy: string
}

export interface Quotas {
  /** Empty: nothing is limited. */
  readonly data: readonly Quota[]
}

export interface Recipient {
  readonly number: number
  readonly kind: "to" | "cc" | "bcc" | "envelope"
  readonly email: string
  readonly state: "pending" | "scheduled" | "held" | "delivered" | "bounced" | "expired" | "suppressed" | "cancelled" | "uncertain"
  readonly attempts: number
  readonly nextAttemptAt: string | null
}

export interface ResendPreview {
  /** Why it cannot be sent again: sensitive, or its content is gone. */
  readonly refusal: string | null
  readonly recipients: readonly ({
    readonly number: number
    readonly email: string
    readonly state: "pending" | "scheduled" | "held" | "delivered" | "bounced" | "expired" | "suppressed" | "cancelled" | "uncertain"
    /** Gets it where nobody is named: bounced, expired, cancelled or uncertain. */
    readonly isChosen: boolean
    /** False for those who still wait for the first one. */
    readonly mayBeChosen: boolean
    /** On the suppression list: would be suppressed again. */
    readonly isSuppressed: boolean
  })[]
}

export interface SendRequest {
  /** An address of a verified domain of the workspace. Needed unless the template says whom its mail is from. */
  readonly from?: Address | undefined
  readonly to: Address | readonly Address[]
  readonly cc?: Address | readonly Address[] | undefined
  readonly bcc?: Address | readonly Address[] | undefined
  readonly replyTo?: Address | readonly Address[] | undefined
  /** What To and Cc show in the place of the recipients of this message: all who get the same mail, each in a message of their own. */
  readonly shown?: {
    readonly to: readonly Address[]
    readonly cc: readonly Address[]
  } | undefined
  /** Needed unless template is given. Beside template it counts where the template says none. */
  readonly subject?: string | undefined
  readonly html?: string | undefined
  readonly text?: string | undefined
  /** In the place of subject, html and text. */
  readonly template?: {
    /** The id, tpl_…, or the alias. */
    readonly id: string
    /** One that was published; default: the active one. */
    readonly version?: number | undefined
    /** What the template is filled with: an object, at most 256 KiB as JSON. */
    readonly data?: Readonly<Record<string, unknown>> | undefined
    /** Refuse the message where the template asks for what the data does not hold. Default: it is empty. */
    readonly strict?: boolean | undefined
    /** HTML for regions that carry mc:edit="name", before the dialect is rendered: it is of the author, not data. */
    readonly editable?: readonly ({
      readonly name: string
      readonly content: string
    })[] | undefined
    /** Rendered in the place of the subject of the version. */
    readonly subject?: string | undefined
    /** Rendered in the place of the text of the version. */
    readonly text?: string | undefined
    /** The language in which it is read; default: that of the version. For templates whose language each message says, as at Mandrill. */
    readonly dialect?: "liquid" | "sendgrid-handlebars" | "sendgrid-legacy" | "mandrill-handlebars" | "merge-tags" | "resend" | undefined
  } | undefined
  /** subject, html and text are written in a language of templates: they are filled with this data before anything is accepted. */
  readonly fill?: {
    /** The language in which it is written. Those of other vendors are rendered as theirs are. Default: "liquid". */
    readonly dialect?: "liquid" | "sendgrid-handlebars" | "sendgrid-legacy" | "mandrill-handlebars" | "merge-tags" | "resend" | undefined
    /** What the template is filled with: an object, at most 256 KiB as JSON. */
    readonly data?: Readonly<Record<string, unknown>> | undefined
    /** Refuse the message where it asks for what the data does not hold. */
    readonly strict?: boolean | undefined
    /** HTML for regions that carry mc:edit="name", before the dialect is rendered: it is of the author, not data. */
    readonly editable?: readonly ({
      readonly name: string
      readonly content: string
    })[] | undefined
  } | undefined
  /** The same once more in other forms of text; mail programs show the one they know best. */
  readonly alternatives?: readonly ({
    readonly contentType: string
    readonly content: string
  })[] | undefined
  /** What is done to html and text after they were filled. */
  readonly finish?: Finish | undefined
  /** Message-ID of the mail; default: one of ours. */
  readonly messageId?: string | undefined
  /** Extra header fields. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly attachments?: readonly ({
    readonly filename: string
    /** Base64. */
    readonly content?: string | undefined
    /** In the place of content: where it is fetched before the message is accepted, over https, from a public address, without redirects, within 10 seconds. At most 10 for a message, 30 MiB together; not in batches. */
    readonly url?: string | undefined
    /** Guessed from the file name where absent. */
    readonly contentType?: string | undefined
    /** For inline images: <img src="cid:…">. */
    readonly contentId?: string | undefined
    readonly inline?: boolean | undefined
  })[] | undefined
  readonly tags?: readonly string[] | undefined
  /** What it is about: top_…, the number of a topic, or "default" for the default one. Who has left the topic gets nothing; who unsubscribes leaves that topic. */
  readonly topic?: string | undefined
  /** bat_…: a batch, by which it is paused or cancelled together with others. */
  readonly batch?: string | undefined
  /** The name of a subaccount, by which it is counted, limited and paused. */
  readonly subaccount?: string | undefined
  /** Suppressions for these reasons do not stop this message. An address that is suppressed for another reason as well stays so. */
  readonly bypass?: readonly ("unsubscribe" | "topic" | "hard_bounce" | "complaint" | "manual")[] | undefined
  readonly metadata?: Readonly<Record<string, string | number | boolean>> | undefined
  /** Not before this time; at most 30 days ahead. */
  readonly sendAt?: string | undefined
  /** Give up at this time. */
  readonly expiresAt?: string | undefined
  /** Default transactional. */
  readonly lane?: "critical" | "transactional" | "bulk" | undefined
  /** Password resets, codes, invitations: one recipient and no copies, over after four hours, content readable by nobody and erased once settled. */
  readonly sensitive?: boolean | undefined
  /** Whether opens and clicks of this message are tracked; default: what the workspace is set to. */
  readonly tracking?: {
    readonly opens?: boolean | undefined
    readonly clicks?: boolean | undefined
  } | undefined
  /** Adds List-Unsubscribe with one click (RFC 8058), unless headers has one. Mail of the lane bulk always gets it. */
  readonly unsubscribe?: boolean | undefined
  /** Deliver only over TLS to servers that promise to keep it so (REQUIRETLS, RFC 8689); else bounce. */
  readonly requireTls?: boolean | undefined
  /** What caused this message; lets resets of many accounts from one address be seen. */
  readonly context?: {
    readonly event?: string | undefined
    readonly actorIp?: string | undefined
    readonly accountRef?: string | undefined
  } | undefined
}

export interface ShapingCheck {
  readonly ok: boolean
  /** The file that was looked at; null: there is none. */
  readonly file: string | null
  /** Which rules this process goes by; `given`: the text was checked, and nothing applied. */
  readonly inForce: "shipped" | "file" | "given"
  readonly problems: readonly ShapingProblem[]
  readonly providers: readonly string[]
  /** Names of the rules about replies, in the order in which they are tried. */
  readonly automation: readonly string[]
}

export interface ShapingEffect {
  readonly id: string
  readonly kind: "suspend" | "set"
  readonly rule: string
  readonly place: string
  /** Mail from this source only; null: the default route. */
  readonly source: string | null
  /** It holds for this workspace alone. */
  readonly ofWorkspace: boolean
  readonly settings: Readonly<Record<string, unknown>>
  readonly reason: string
  readonly until: string
}

export interface ShapingExplained {
  readonly messageId: string
  readonly recipients: readonly ({
    readonly number: number
    readonly email: string
    readonly lane: string
    readonly attempts: number
    /** In one sentence, why it waits. */
    readonly why: string
    readonly nextAttemptAt: string
    readonly expiresAt: string
    /** Null where no sender has looked yet. */
    readonly site: string | null
    readonly provider: string | null
    readonly mxHosts: readonly string[]
    /** How TLS is enforced: dane, sts or none. */
    readonly policy: string | null
    readonly because: readonly ShapingReason[]
    readonly overlays: readonly ShapingEffect[]
    /** What an operator or the workspace itself has stopped. */
    readonly pause: {
      readonly id: string
      readonly reason: string
      readonly until: string | null
    } | null
    /** The newest 3, newest first. */
    readonly lastReplies: readonly ({
      readonly at: string
      readonly code: number | null
      readonly enhanced: string | null
      readonly text: string
    })[]
  })[]
  /** Recipients that wait no more. */
  readonly done: number
}

export interface ShapingOverlay {
  readonly id: string
  readonly kind: "suspend" | "set"
  readonly rule: string
  readonly at: "site" | "provider"
  readonly place: string
  readonly source: string | null
  /** Whose mail it holds for; null: everybody’s. */
  readonly workspaceId: string | null
  readonly settings: Readonly<Record<string, unknown>>
  readonly reason: string
  readonly hits: number
  /** At most 10 replies, without addresses. */
  readonly evidence: readonly ({
    readonly at: string
    readonly code: number
    readonly enhanced: string | null
    readonly text: string
    readonly stage: string
    readonly lane: string
  })[]
  readonly madeAt: string
  readonly until: string
  readonly endedAt: string | null
  /** Who lifted it. */
  readonly endedBy: string | null
}

export interface ShapingProblem {
  readonly file: string
  /** Counted from 1; null where it belongs to no line. */
  readonly line: number | null
  /** Path of the table or key; empty for the whole file. */
  readonly field: string
  readonly problem: string
  /** What to write instead. */
  readonly fix: string
}

export interface ShapingReason {
  readonly key: string
  readonly value: string
  readonly layer: string
  /** Where it is written: file and line, or built-in. */
  readonly rule: string
}

export interface ShapingResolved {
  readonly domain: string
  readonly site: string
  readonly provider: string | null
  readonly source: string | null
  readonly mxHosts: readonly string[]
  /** The limits hold for this domain alone; other domains of the site have others. */
  readonly ofDomain: boolean
  /** Every limit, its value, and which layer decided it. */
  readonly because: readonly ShapingReason[]
  /** What is in force there, without the replies. */
  readonly overlays: readonly ShapingOverlay[]
}

export interface StatisticLatency {
  /** Null: nothing was counted. */
  readonly p50Ms: number | null
  readonly p95Ms: number | null
  readonly count: number
}

export interface StatisticRates {
  /** Of delivered, bounced, expired and uncertain. */
  readonly delivered: number | null
  /** Likewise. */
  readonly bounced: number | null
  /** Of all attempts. */
  readonly deferred: number | null
  /** Of delivered, like those that follow. */
  readonly returned: number | null
  readonly complained: number | null
  readonly unsubscribed: number | null
  readonly opened: number | null
  readonly clicked: number | null
}

export interface Statistics {
  readonly step: "minute" | "quarter" | "hour" | "day"
  /** Begin of the first bucket. */
  readonly since: string
  /** End of the last bucket. */
  readonly until: string
  /** Begins of the buckets, UTC. Every series has as many points. */
  readonly times: readonly string[]
  readonly series: readonly ({
    /** Null: all, where it is not split by lane. */
    readonly lane: "critical" | "transactional" | "bulk" | "internal" | null
    /** A provider of the shaping rules; other: a server of none; a relay; simulator; local inbox. Empty: nobody tried. Null: all. */
    readonly provider: string | null
    /** Null: all. Empty: nobody tried. */
    readonly source: string | null
    readonly points: {
      /** Recipients accepted. Where mail will go is not known then: 0 in series of providers and sources. */
      readonly accepted: readonly number[]
      /** Attempts made. */
      readonly attempts: readonly number[]
      /** Recipients, like the five that follow: the final states of the ledger. */
      readonly delivered: readonly number[]
      readonly bounced: readonly number[]
      readonly expired: readonly number[]
      readonly suppressed: readonly number[]
      readonly cancelled: readonly number[]
      readonly uncertain: readonly number[]
      /** Attempts that failed for a time. */
      readonly deferred: readonly number[]
      /** Attempts without an answer that are made again. */
      readonly unanswered: readonly number[]
      /** Times that mail had to wait without an attempt. */
      readonly waited: readonly number[]
      /** Bounces that came back after delivery. */
      readonly returned: readonly number[]
      readonly complained: readonly number[]
      readonly unsubscribed: readonly number[]
      /** Recipients whose mail was opened, at the first time; not by machines alone. */
      readonly opened: readonly number[]
      /** Likewise, by scanners or unknown. */
      readonly openedByMachine: readonly number[]
      /** Recipients who clicked, at the first time. */
      readonly clicked: readonly number[]
      /** Likewise, by machines. */
      readonly clickedByMachine: readonly number[]
      /** Of suppressed: because of a hard bounce. */
      readonly suppressedForBounce: readonly number[]
      /** Of suppressed: because of a complaint. */
      readonly suppressedForComplaint: readonly number[]
      /** Of bounced and returned: those that say that mail to the address is no use. */
      readonly bouncedForAddress: readonly number[]
      /** Every opening, not only the first of a recipient; not by machines. */
      readonly opens: readonly number[]
      /** Every click, likewise. */
      readonly clicks: readonly number[]
      readonly deliveryP50Ms: readonly (number | null)[]
      readonly deliveryP95Ms: readonly (number | null)[]
    }
    readonly totals: {
      /** Recipients accepted. Where mail will go is not known then: 0 in series of providers and sources. */
      readonly accepted: number
      /** Attempts made. */
      readonly attempts: number
      /** Recipients, like the five that follow: the final states of the ledger. */
      readonly delivered: number
      readonly bounced: number
      readonly expired: number
      readonly suppressed: number
      readonly cancelled: number
      readonly uncertain: number
      /** Attempts that failed for a time. */
      readonly deferred: number
      /** Attempts without an answer that are made again. */
      readonly unanswered: number
      /** Times that mail had to wait without an attempt. */
      readonly waited: number
      /** Bounces that came back after delivery. */
      readonly returned: number
      readonly complained: number
      readonly unsubscribed: number
      /** Recipients whose mail was opened, at the first time; not by machines alone. */
      readonly opened: number
      /** Likewise, by scanners or unknown. */
      readonly openedByMachine: number
      /** Recipients who clicked, at the first time. */
      readonly clicked: number
      /** Likewise, by machines. */
      readonly clickedByMachine: number
      /** Of suppressed: because of a hard bounce. */
      readonly suppressedForBounce: number
      /** Of suppressed: because of a complaint. */
      readonly suppressedForComplaint: number
      /** Of bounced and returned: those that say that mail to the address is no use. */
      readonly bouncedForAddress: number
      /** Every opening, not only the first of a recipient; not by machines. */
      readonly opens: number
      /** Every click, likewise. */
      readonly clicks: number
    }
    readonly rates: StatisticRates
    readonly firstAttempt: StatisticLatency
    readonly delivery: StatisticLatency
  })[]
  readonly totals: {
    /** Recipients accepted. Where mail will go is not known then: 0 in series of providers and sources. */
    readonly accepted: number
    /** Attempts made. */
    readonly attempts: number
    /** Recipients, like the five that follow: the final states of the ledger. */
    readonly delivered: number
    readonly bounced: number
    readonly expired: number
    readonly suppressed: number
    readonly cancelled: number
    readonly uncertain: number
    /** Attempts that failed for a time. */
    readonly deferred: number
    /** Attempts without an answer that are made again. */
    readonly unanswered: number
    /** Times that mail had to wait without an attempt. */
    readonly waited: number
    /** Bounces that came back after delivery. */
    readonly returned: number
    readonly complained: number
    readonly unsubscribed: number
    /** Recipients whose mail was opened, at the first time; not by machines alone. */
    readonly opened: number
    /** Likewise, by scanners or unknown. */
    readonly openedByMachine: number
    /** Recipients who clicked, at the first time. */
    readonly clicked: number
    /** Likewise, by machines. */
    readonly clickedByMachine: number
    /** Of suppressed: because of a hard bounce. */
    readonly suppressedForBounce: number
    /** Of suppressed: because of a complaint. */
    readonly suppressedForComplaint: number
    /** Of bounced and returned: those that say that mail to the address is no use. */
    readonly bouncedForAddress: number
    /** Every opening, not only the first of a recipient; not by machines. */
    readonly opens: number
    /** Every click, likewise. */
    readonly clicks: number
  }
  readonly rates: StatisticRates
  /** From acceptance, or the planned time, until the first attempt began. */
  readonly firstAttempt: StatisticLatency
  /** From acceptance, or the planned time, until delivery. */
  readonly delivery: StatisticLatency
  /** What happened before is in it, all of it. Null: nothing is counted yet. */
  readonly throughMoment: string | null
  /** History is still being counted; what is here grows. */
  readonly isCatchingUp: boolean
}

export interface Subaccount {
  readonly id: string
  /** By which messages name it. */
  readonly name: string
  readonly title: string
  /** Null where there is none, or its key was destroyed. */
  readonly note: string | null
  /** paused: its mail is accepted and waits. */
  readonly state: "active" | "paused"
  /** Recipients an hour; what is more waits for the next hour. Null: no limit of its own. */
  readonly hourlyQuota: number | null
  /** Recipients of accepted mail, by the hour in which it goes, up to now. */
  readonly sent: {
    readonly hour: number
    /** In 7 days. */
    readonly week: number
    /** In 30 days. */
    readonly month: number
    /** In 400 days. */
    readonly total: number
  }
  readonly createdAt: string
  /** The hour of the first mail. */
  readonly firstSentAt: string | null
  readonly updatedAt: string
}

export interface Suppression {
  readonly id: string
  /** Null where the address came from a sensitive message, whose key is destroyed. */
  readonly email: string | null
  readonly reason: "hard_bounce" | "complaint" | "unsubscribe" | "manual"
  /** All reasons that were told for the address; reason is the first of those that stop most. */
  readonly reasons: readonly ("hard_bounce" | "complaint" | "unsubscribe" | "manual")[]
  /** all: no mail goes there; bulk: only mail of the lane bulk does not. */
  readonly scope: "all" | "bulk"
  /** When the entry ends by itself; null: never. */
  readonly expiresAt: string | null
  readonly note: string | null
  /** The message whose bounce, complaint or link caused it. */
  readonly messageId: string | null
  /** The import that brought it. */
  readonly importId: string | null
  /** The reply that caused it. */
  readonly evidence: Readonly<Record<string, unknown>> | null
  readonly createdAt: string
}

export interface SuppressionExemption {
  readonly id: string
  /** Null where its key was destroyed. */
  readonly email: string | null
  readonly note: string | null
  readonly createdAt: string
}

export interface SuppressionExplanation {
  readonly email: string
  readonly suppressed: boolean
  /** In words. */
  readonly why: string
  /** The lanes whose mail does not go there. */
  readonly stops: readonly ("critical" | "transactional" | "bulk" | "internal")[]
  /** When it ends by itself; null: never, or it is not suppressed. */
  readonly until: string | null
  /** What is left after its end. */
  readonly afterwards: string | null
  readonly whatToDo: readonly string[]
  readonly suppression: Suppression | null
}

export interface SuppressionImport {
  readonly id: string
  /** open: takes lines. */
  readonly state: "open" | "done" | "cancelled"
  readonly format: "csv" | "jsonl"
  /** Nothing is suppressed; all is counted. */
  readonly dryRun: boolean
  /** For lines that name none. */
  readonly reason: "hard_bounce" | "complaint" | "unsubscribe" | "manual"
  /** For lines that name none; null: by the reason. */
  readonly scope: "all" | "bulk" | null
  /** For lines that name none. */
  readonly expiresAt: string | null
  /** Of CSV: what each column is taken for; null until the first line was read, unless it was chosen. */
  readonly columns: readonly ("email" | "reason" | "scope" | "note" | "expiresAt" | "ignored")[] | null
  /** The line that is wanted next, from 1. */
  readonly nextLine: number
  /** Lines that held an entry, refused ones too. */
  readonly entries: number
  /** Addresses that were not listed before. */
  readonly added: number
  /** Addresses whose entry stops more than before. */
  readonly widened: number
  /** Addresses that were listed already. */
  readonly unchanged: number
  /** Lines that were not taken. */
  readonly refused: number
  readonly createdAt: string
  readonly finishedAt: string | null
}

export interface SuppressionImportRefusal {
  readonly line: number
  /** In our words, nothing of the line. */
  readonly problem: string
}

export interface TagInUse {
  readonly tag: string
  /** The first day of these 30 on which something happened. */
  readonly firstDay: string
  readonly lastDay: string
  /** In the last 30 days. accepted: recipients; opened and clicked: by people, once each. */
  readonly counts: {
    readonly accepted: number
    readonly delivered: number
    readonly bounced: number
    readonly deferred: number
    readonly expired: number
    readonly suppressed: number
    readonly cancelled: number
    readonly returned: number
    readonly complained: number
    readonly unsubscribed: number
    readonly opened: number
    readonly clicked: number
    /** Of suppressed: because of a hard bounce. */
    readonly suppressedForBounce: number
    /** Of suppressed: because of a complaint. */
    readonly suppressedForComplaint: number
    /** Of bounced and returned: those that say that mail to the address is no use. */
    readonly bouncedForAddress: number
    /** Every opening, not only the first of a recipient; not by machines. */
    readonly opens: number
    /** Every click, likewise. */
    readonly clicks: number
  }
}

export interface TagStatistics {
  readonly since: string
  /** The last day. */
  readonly until: string
  readonly data: readonly ({
    readonly tag: string
    readonly totals: {
      readonly accepted: number
      readonly delivered: number
      readonly bounced: number
      readonly deferred: number
      readonly expired: number
      readonly suppressed: number
      readonly cancelled: number
      readonly returned: number
      readonly complained: number
      readonly unsubscribed: number
      readonly opened: number
      readonly clicked: number
      /** Of suppressed: because of a hard bounce. */
      readonly suppressedForBounce: number
      /** Of suppressed: because of a complaint. */
      readonly suppressedForComplaint: number
      /** Of bounced and returned: those that say that mail to the address is no use. */
      readonly bouncedForAddress: number
      /** Every opening, not only the first of a recipient; not by machines. */
      readonly opens: number
      /** Every click, likewise. */
      readonly clicks: number
    }
    /** Every day, also empty ones. */
    readonly days: readonly ({
      readonly day: string
      readonly counts: {
        readonly accepted: number
        readonly delivered: number
        readonly bounced: number
        readonly deferred: number
        readonly expired: number
        readonly suppressed: number
        readonly cancelled: number
        readonly returned: number
        readonly complained: number
        readonly unsubscribed: number
        readonly opened: number
        readonly clicked: number
        /** Of suppressed: because of a hard bounce. */
        readonly suppressedForBounce: number
        /** Of suppressed: because of a complaint. */
        readonly suppressedForComplaint: number
        /** Of bounced and returned: those that say that mail to the address is no use. */
        readonly bouncedForAddress: number
        /** Every opening, not only the first of a recipient; not by machines. */
        readonly opens: number
        /** Every click, likewise. */
        readonly clicks: number
      }
    })[]
  })[]
}

export interface Template {
  readonly id: string
  readonly name: string
  readonly alias: string | null
  /** What is sent where no version is named; null: none yet. */
  readonly activeVersion: number | null
  readonly activeSince: string | null
  /** The highest number, draft or published. */
  readonly newestVersion: number
  readonly newestState: "draft" | "published"
  /** Of the newest version. */
  readonly dialect: "liquid" | "sendgrid-handlebars" | "sendgrid-legacy" | "mandrill-handlebars" | "merge-tags" | "resend"
  /** How many there are. */
  readonly versions: number
  readonly createdAt: string
  readonly createdBy: string
  /** When it or one of its versions was last changed. */
  readonly updatedAt: string
  /** Null, or since when it can be restored, for 30 days. */
  readonly deletedAt: string | null
}

export interface TemplateDetail {
  readonly id: string
  readonly name: string
  readonly alias: string | null
  /** What is sent where no version is named; null: none yet. */
  readonly activeVersion: number | null
  readonly activeSince: string | null
  /** The highest number, draft or published. */
  readonly newestVersion: number
  readonly newestState: "draft" | "published"
  /** Of the newest version. */
  readonly dialect: "liquid" | "sendgrid-handlebars" | "sendgrid-legacy" | "mandrill-handlebars" | "merge-tags" | "resend"
  /** How many there are. */
  readonly versions: number
  readonly createdAt: string
  readonly createdBy: string
  /** When it or one of its versions was last changed. */
  readonly updatedAt: string
  /** Null, or since when it can be restored, for 30 days. */
  readonly deletedAt: string | null
  /** The active version whole. */
  readonly active: TemplateVersion | null
  /** The last 50, newest first: what was active since when. */
  readonly publications: readonly TemplatePublication[]
}

export interface TemplatePreview {
  /** Whether a message with this data would be accepted. */
  readonly ok: boolean
  /** Null where it could not be rendered. */
  readonly subject: string | null
  /** Null where there is none, or it could not be rendered. */
  readonly html: string | null
  /** As html. */
  readonly text: string | null
  /** In bytes, of what was rendered. */
  readonly sizes: {
    readonly subject: number
    readonly html: number
    readonly text: number
  }
  readonly problems: readonly TemplateProblem[]
  /** What the template asks of the data. */
  readonly variables: readonly TemplateVariable[]
  readonly templateId: string | null
  readonly version: number | null
}

export interface TemplateProblem {
  readonly part: "subject" | "html" | "text"
  /** error: a message of it is refused. */
  readonly severity: "error" | "warning"
  readonly code: "syntax" | "unknown_tag" | "unknown_filter" | "missing_variable" | "time_limit" | "memory_limit" | "output_limit" | "failed" | "unquoted_attribute" | "message_clipped" | "no_text" | "empty_subject" | "unknown_helper" | "unsupported" | "suspicious" | "wrong_type"
  readonly message: string
  /** In the source of the part, from 1. */
  readonly line: number | null
  /** From 1. */
  readonly column: number | null
}

export interface TemplatePublication {
  readonly version: number
  readonly at: string
  readonly by: string
  /** As it is in the version. */
  readonly hash: string
}

export interface TemplateVariable {
  /** A path into the data, such as order.items. */
  readonly name: string
  readonly parts: readonly ("subject" | "html" | "text")[]
  /** The data does not hold it. */
  readonly isMissing: boolean
}

export interface TemplateVersion {
  readonly id: string
  readonly templateId: string
  /** From 1; never used again. */
  readonly number: number
  /** The id of the first of the versions that took each other’s place; its own where it took none. */
  readonly lineageId: string
  /** draft: can be changed, cannot be sent. published: the reverse. */
  readonly state: "draft" | "published"
  /** Whether it is what is sent where no version is named. */
  readonly isActive: boolean
  /** The language in which it is written. Those of other vendors are rendered as theirs are. */
  readonly dialect: "liquid" | "sendgrid-handlebars" | "sendgrid-legacy" | "mandrill-handlebars" | "merge-tags" | "resend"
  readonly subject: string
  readonly note: string
  /** SHA-256 of dialect, subject, html and text, in hex; audit records hold it. */
  readonly hash: string
  /** Of subject, html and text. */
  readonly sizeBytes: number
  readonly createdAt: string
  readonly createdBy: string
  readonly updatedAt: string
  /** When it was published first. */
  readonly publishedAt: string | null
  /** Since when it is sent no more and stands in no list. */
  readonly retiredAt: string | null
  readonly html: string | null
  readonly text: string | null
  readonly sampleData: Readonly<Record<string, unknown>>
  readonly variables: readonly ({
    readonly name: string
    readonly type: "string" | "number"
    readonly fallback: string | number | null
  })[]
  readonly from: {
    readonly email: string
    readonly name?: string
  } | null
  readonly replyTo: readonly string[]
  readonly labels: readonly string[]
}

export interface TemplateVersionSummary {
  readonly id: string
  readonly templateId: string
  /** From 1; never used again. */
  readonly number: number
  /** The id of the first of the versions that took each other’s place; its own where it took none. */
  readonly lineageId: string
  /** draft: can be changed, cannot be sent. published: the reverse. */
  readonly state: "draft" | "published"
  /** Whether it is what is sent where no version is named. */
  readonly isActive: boolean
  /** The language in which it is written. Those of other vendors are rendered as theirs are. */
  readonly dialect: "liquid" | "sendgrid-handlebars" | "sendgrid-legacy" | "mandrill-handlebars" | "merge-tags" | "resend"
  readonly subject: string
  readonly note: string
  /** SHA-256 of dialect, subject, html and text, in hex; audit records hold it. */
  readonly hash: string
  /** Of subject, html and text. */
  readonly sizeBytes: number
  readonly createdAt: string
  readonly createdBy: string
  readonly updatedAt: string
  /** When it was published first. */
  readonly publishedAt: string | null
  /** Since when it is sent no more and stands in no list. */
  readonly retiredAt: string | null
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

export interface Topic {
  readonly id: string
  /** From 1 within the workspace, never used twice. */
  readonly number: number
  readonly name: string
  readonly description: string
  /** What the topic "default" of a message means. */
  readonly isDefault: boolean
  /** How many addresses have left it, counted up to 100,000. */
  readonly left: number
  readonly createdAt: string
  readonly updatedAt: string
}

export interface TopicOfAddress {
  readonly id: string
  readonly number: number
  readonly name: string
  readonly description: string
  readonly isDefault: boolean
  /** Since when the address gets nothing of it; null: it does. */
  readonly leftAt: string | null
}

export interface TopicSuppression {
  /** Null where its key was destroyed. */
  readonly email: string | null
  readonly topicId: string
  readonly topicNumber: number
  readonly topicName: string
  /** added: somebody of the workspace wrote it down. */
  readonly via: "added" | "one-click" | "page" | "mail"
  /** The message whose link was followed. */
  readonly messageId: string | null
  readonly createdAt: string
}

export interface TrackingSettings {
  /** off or on where a message says nothing; never: a message cannot ask for it. */
  readonly opens: "off" | "on" | "never"
  /** off or on where a message says nothing; never: a message cannot ask for it. */
  readonly clicks: "off" | "on" | "never"
  /** Whether on counts for the lane critical too. */
  readonly critical: boolean
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
  /** The second factors of the person. */
  readonly factors: {
    readonly passkeys: number
    readonly authenticatorApp: boolean
  }
  /** How many of the sessions of this member are alive. */
  readonly sessions: number
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
  /** Never used twice; programs of other vendors name domains by it. */
  readonly number: number
  readonly name: string
  /** Whether programs get it that ask for the workspace’s default domain. */
  readonly isDefault: boolean
  /** required: mail from it goes only to servers that take it in TLS, and bounces elsewhere. It holds for mail that is accepted from then on. */
  readonly tls: "opportunistic" | "required"
  /** Mail may be sent from verified domains only. */
  readonly state: "pending" | "verified" | "failing"
  readonly createdAt: string
  readonly verifiedAt: string | null
  readonly checkedAt: string | null
  /** Since when a verified domain lacks its records; it stays usable for 72 hours. */
  readonly failingSince: string | null
  /** Until when mail from it is held, because it is new in an established workspace; another owner can let it go (changes.approve). */
  readonly inertUntil: string | null
  /** The change of DKIM keys that goes on; null where none does. */
  readonly rotation: {
    /** waiting: DNS does not show the new records yet; retiring: new keys sign, and the old records must stay; removable: delete the old records. */
    readonly state: "waiting" | "retiring" | "removable"
    /** Of a waiting one: when it was begun. */
    readonly since: string | null
    /** Of a retiring one: until when the old records must stay. */
    readonly until: string | null
  } | null
  /** The zone of the installation: BULKHEAD_DELEGATION_ZONE, or else its host name. */
  readonly zone: string
  /** The DNS records to publish, and those that may go. */
  readonly records: readonly ({
    readonly purpose: "dkim" | "dkim-standby" | "dkim-ed25519" | "return-path" | "dmarc"
    readonly type: "CNAME" | "TXT"
    /** The full name to publish at. */
    readonly name: string
    /** What to publish. */
    readonly value: string
    /** Of keys: the name in zone that a CNAME may lead to instead, so that keys change without the owner of the domain. It needs whoever runs the installation to publish the zone. */
    readonly delegated: string | null
    /** Whether the domain can be used without it. */
    readonly required: boolean
    readonly state: "pending" | "ok" | "wrong" | "missing" | "unknown"
    /** What DNS answered at the last check. */
    readonly found: readonly string[]
    /** What to change. */
    readonly advice: string | null
    /** When DNS was last asked for it. */
    readonly checkedAt: string | null
    /** Of DKIM records: whose key it publishes. */
    readonly dkim: {
      readonly selector: string
      readonly algorithm: "rsa" | "ed25519"
      /** pending: signs as soon as DNS shows its record; active: signs; standby: published, for an emergency; retiring: signs no more, mail under way still needs its record; removable: its private half is destroyed, delete its record. */
      readonly state: "pending" | "active" | "standby" | "retiring" | "removable"
      readonly createdAt: string
      readonly ageDays: number
      /** Of a retiring one: when its private half is destroyed; leave its record until then. */
      readonly until: string | null
      /** What to think of; keys that sign are best changed every 180 days. */
      readonly hint: string | null
    } | null
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

export interface Bounce {
  /** Default: null. */
  readonly reportingMta: string | null
  /** Default: null. */
  readonly feedbackType: "abuse" | "fraud" | "virus" | "not-spam" | "opt-out" | "auth-failure" | "other" | null
  /** Default: null. */
  readonly reporter: string | null
  /** Default: false. */
  readonly truncated: boolean
  /** Default: []. */
  readonly recipients: readonly ({
    /** The recipient’s number in the message; null where it is none of them. */
    readonly number: number | null
    /** The report names the recipient’s address. */
    readonly named: boolean
    readonly action: "failed" | "delayed" | "delivered" | "relayed" | "expanded" | null
    /** Enhanced status code, for example 5.1.1. */
    readonly status: string | null
    /** Who is to blame. */
    readonly class: "recipient" | "mailbox" | "policy" | "reputation" | "content" | "infrastructure" | "protocol" | null
    readonly permanent: boolean
    /** What the class follows from, in words. */
    readonly reason: string | null
    /** The rule that decided the class. */
    readonly rule: string | null
    /** What the refusing server said, without addresses. */
    readonly diagnostic: string
    readonly remoteMta: string | null
    /** The event that the report became. */
    readonly effect: "none" | "returned" | "complained" | "unsubscribed"
    /** The address was put on the suppression list because of it. */
    readonly suppressed: boolean
    /** Why nothing, or less, came of it. */
    readonly note: string | null
  })[]
  readonly id: string
  readonly messageId: string | null
  /** bounce: it was not delivered. notice: it is late, or was delivered. complaint: somebody complained. auto_reply, challenge, receipt: a machine answered. other: none of these. mail: to postmaster or abuse. */
  readonly kind: "bounce" | "notice" | "complaint" | "auto_reply" | "challenge" | "receipt" | "other" | "mail"
  /** What told: dsn, arf, or the name of a free form. */
  readonly format: string
  readonly receivedAt: string
  /** Of the whole report; what is stored of one ends after 512 KiB. */
  readonly sizeBytes: number
}

export interface QuarantineItem {
  readonly id: string
  readonly kind: "bounce" | "notice" | "complaint" | "auto_reply" | "challenge" | "receipt" | "other" | "mail"
  readonly format: string
  /** Why it belongs to no workspace. */
  readonly why: string | null
  readonly receivedAt: string
  readonly sizeBytes: number
}

export interface Webhook {
  readonly id: string
  readonly url: string
  readonly description: string | null
  /** In whose words events are told, and by whose way they are signed. */
  readonly format: "bulkhead" | "sendgrid" | "mandrill" | "resend"
  readonly signing: boolean
  /** Empty: all but audit.recorded. Of a vendor's format those that can be told in it. */
  readonly eventTypes: readonly string[]
  /** Of a vendor's format: the names that are sent. Empty: all that eventTypes give. */
  readonly formatEvents: readonly string[]
  readonly state: "enabled" | "disabled"
  /** Why it was switched off. */
  readonly disabledReason: string | null
  /** Since when no delivery has succeeded. */
  readonly failingSince: string | null
  /** Until when the secret before the last rotation signs as well. */
  readonly previousSecretExpiresAt: string | null
  readonly createdAt: string
  /** When its settings were changed last. */
  readonly updatedAt: string
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
  /** How long the last try took, in milliseconds. */
  readonly durationMs: number | null
  readonly createdAt: string
  readonly settledAt: string | null
}

export interface InboundRoute {
  readonly id: string
  readonly hostname: string
  readonly url: string
  readonly sendRaw: boolean
  /** False: no verified sending domain of the workspace is the host name or stands above it, and nothing is taken. */
  readonly isActive: boolean
  /** What requests are verified with, in base64 (SPKI): ECDSA on P-256 with SHA-256. */
  readonly publicKey: string
  readonly createdAt: string
}

export interface InboundRouteMail {
  readonly id: string
  /** failed: refused by the receiver; kept until expiresAt. expired: not taken in time, and erased. */
  readonly state: "pending" | "delivered" | "failed" | "expired"
  readonly attempts: number
  readonly nextAttemptAt: string | null
  readonly lastStatus: number | null
  readonly lastError: string | null
  readonly sizeBytes: number
  readonly receivedAt: string
  readonly expiresAt: string
  readonly settledAt: string | null
}

export interface ApiKey {
  readonly id: string
  readonly name: string
  /** The public start of the key; names it in lists and logs. */
  readonly prefix: string
  readonly scopes: readonly string[]
  /** The vendor whose API it opens, and nothing else; null: ours. */
  readonly door: "sendgrid" | "resend" | "mandrill" | null
  /** What it may do by the names of that vendor, beside its scopes; empty: all that its scopes allow. */
  readonly doorScopes: readonly string[]
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

export interface TlListReport {
  /** The domain it is about. */
  readonly domain: string
  /** Who reports, by its own word: nobody has proven it. */
  readonly organisation: string
  readonly reportId: string
  readonly beginsAt: string
  readonly endsAt: string
  /** TLS sessions. */
  readonly successes: number
  /** TLS sessions. */
  readonly failures: number
  readonly policies: readonly ({
    /** sts, tlsa or no-policy-found. */
    readonly policyType: string
    readonly policyStrings: readonly string[]
    readonly mxHosts: readonly string[]
    /** TLS sessions. */
    readonly successes: number
    /** TLS sessions. */
    readonly failures: number
    readonly details: readonly ({
      /** A result type of RFC 8460 §4.3. */
      readonly result: string
      /** TLS sessions. */
      readonly sessions: number
      readonly sendingIp: string | null
      readonly mxHost: string | null
      readonly receivingIp: string | null
      readonly reason: string | null
    })[]
  })[]
  readonly receivedAt: string
}

export interface TlListSent {
  /** Whom it was for. */
  readonly domain: string
  /** Of UTC. */
  readonly day: string
  readonly state: "sent" | "failed"
  readonly settledAt: string
  /** Where it went, as the domain publishes it in DNS. */
  readonly endpoints: readonly string[]
  readonly successes: number | null
  readonly failures: number | null
  readonly error: string | null
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

export interface QueueAct {
  readonly id: string
  readonly kind: "pause" | "hold" | "release" | "requeue" | "expire"
  /** Who made it. What the installation made, it alone ends. */
  readonly by: "workspace" | "operator" | "staff"
  /** Whose mail; null: that of all. */
  readonly workspaceId: string | null
  /** Null: somebody of the installation. */
  readonly actor: string | null
  readonly reason: string
  readonly filter: {
    readonly lanes?: readonly string[]
    readonly sites?: readonly string[]
    readonly providers?: readonly string[]
    /** How many domains of recipients. Their names are not kept. */
    readonly domains?: number
    /** The sites that these domains lead to. */
    readonly domainSites?: readonly string[]
    readonly pools?: readonly string[]
    readonly tags?: readonly string[]
    readonly fromDomains?: readonly string[]
    readonly messages?: readonly string[]
    readonly attemptsAtLeast?: number
    readonly attemptsAtMost?: number
    readonly acceptedBefore?: string
    readonly acceptedAfter?: string
    readonly dueBefore?: string
    readonly dueAfter?: string
    readonly replies?: readonly string[]
    readonly replyClasses?: readonly string[]
  }
  /** `standing`: it holds; a pause stops what comes, expire waits for its time of grace. */
  readonly state: "taking" | "standing" | "returning" | "ending" | "ended"
  readonly outcome: "done" | "resumed" | "lapsed" | "undone" | "empty" | "cancelled" | null
  readonly madeAt: string
  readonly until: string | null
  /** Of expire: nothing has ended before. */
  readonly graceUntil: string | null
  readonly spreadSeconds: number
  readonly endedAt: string | null
  /** When it was stopped at work. */
  readonly cancelledAt: string | null
  /** When its present step began. */
  readonly startedAt: string
  /** Recipients done in the present step. */
  readonly done: number
  /** Of so many, as far as is known. */
  readonly total: number
  readonly isAtWork: boolean
  /** Cancelling stops it where it is; what it did by then can be undone. */
  readonly canCancel: boolean
  /** What came of it so far, in one sentence. */
  readonly result: string
  readonly undoes: string | null
  readonly undoneBy: string | null
  readonly canUndo: boolean
  /** What undo would do, and what it cannot. */
  readonly undoNote: string
  /** What the preview counted. */
  readonly shown: number
  /** Rows looked at so far. */
  readonly scanned: number
  /** Recipients held, released or moved so far. */
  readonly taken: number
  /** Of them held by something else as well. */
  readonly heldBefore: number
  /** Being attempted; taken when they come back. */
  readonly inFlight: number
  readonly givenBack: number
  readonly expired: number
  /** Were in flight or attempted, and ended meanwhile. */
  readonly gone: number
  /** Recipients per second in the present step. */
  readonly perSecond: number | null
  readonly secondsLeft: number | null
  /** `containment`: whoever made it, or whose mail it is, is contained. */
  readonly waitsFor: string | null
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
  /** The command that shows more. */
  readonly command: string | null
  /** What the installation has done by itself. */
  readonly response: string | null
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
  /** What whoever acknowledged it wrote beside it. */
  readonly note: string | null
}

export interface AccessGetOutput {
  readonly kind: "key" | "person" | "operator"
  /** Of a person in the workspace; null for keys, and outside of any workspace. */
  readonly role: string | null
  /** What the caller may do here. */
  readonly scopes: readonly string[]
  readonly workspace: {
    readonly id: string
    readonly name: string
  } | null
  /** The address that the caller comes from, as allowlists see it. */
  readonly client: {
    readonly address: string
  }
  readonly installation: {
    readonly version: string
    readonly mode: "development" | "production"
    /** How mail leaves; capture: it lands in the local inbox and does not leave. */
    readonly outbound: "capture" | "direct" | "relay"
    readonly publicUrl: string
    readonly hostname: string
    readonly smtp: {
      readonly host: string
      readonly port: number
      readonly tlsPort: number
    }
  }
  /** What is cut off now, of the workspace or of all. */
  readonly containments: readonly ({
    readonly id: string
    readonly scope: "installation" | "workspace" | "member" | "credential"
    readonly capabilities: readonly ("send" | "send:critical" | "send:transactional" | "send:bulk" | "send:internal" | "deliver" | "deliver:critical" | "deliver:transactional" | "deliver:bulk" | "deliver:internal" | "read" | "write" | "sender-change" | "credential" | "webhook")[]
    readonly credential: string | null
    readonly reason: string
    readonly since: string
    readonly until: string
  })[]
}

export interface FirstRunGetOutput {
  readonly state: "open" | "closed"
  /** The name of the workspace that has no owner yet. */
  readonly workspace: string | null
  /** Until when the link works. */
  readonly expiresAt: string | null
}

export interface FirstRunCompleteInput {
  /** What stands behind the # of the link. */
  readonly token: string
  /** One address, like ann@example.com. */
  readonly email: string
  /** What you want to be called. */
  readonly name?: string | undefined
  readonly password?: string | undefined
  /** What the workspace is called from now on. */
  readonly workspaceName: string
  /** `token` answers it, for programs; a browser gets it in a cookie. Default: "cookie". */
  readonly transport?: "cookie" | "token" | undefined
}

export interface FirstRunCompleteOutput {
  readonly id: string
  /** `enrolment` can do nothing but add a second factor, within an hour. */
  readonly level: "enrolment" | "full"
  /** The second factor that was shown. */
  readonly factor: "none" | "totp" | "passkey" | "recovery" | "sso"
  readonly expiresAt: string
  /** Of transport token; in a browser the session is in a cookie that scripts do not see. */
  readonly token: string | null
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
  readonly scopes: readonly ("messages:send" | "messages:read" | "messages:write" | "domains:read" | "domains:write" | "senders:read" | "senders:write" | "suppressions:read" | "suppressions:write" | "contacts:read" | "contacts:write" | "broadcasts:read" | "broadcasts:write" | "broadcasts:send" | "templates:read" | "templates:write" | "webhooks:read" | "webhooks:write" | "api-keys:read" | "api-keys:write" | "smtp-credentials:read" | "smtp-credentials:write" | "credentials:kill" | "containments:read" | "containments:write" | "audit:read" | "inbox:read" | "inbox:write" | "workspace:read" | "operations:read" | "alerts:read" | "alerts:write" | "members:read" | "members:write" | "policies:read" | "policies:write" | "federation:read" | "federation:write")[]
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
  readonly scopes?: readonly ("messages:send" | "messages:read" | "messages:write" | "domains:read" | "domains:write" | "senders:read" | "senders:write" | "suppressions:read" | "suppressions:write" | "contacts:read" | "contacts:write" | "broadcasts:read" | "broadcasts:write" | "broadcasts:send" | "templates:read" | "templates:write" | "webhooks:read" | "webhooks:write" | "api-keys:read" | "api-keys:write" | "smtp-credentials:read" | "smtp-credentials:write" | "credentials:kill" | "containments:read" | "containments:write" | "audit:read" | "inbox:read" | "inbox:write" | "workspace:read" | "operations:read" | "alerts:read" | "alerts:write" | "members:read" | "members:write" | "policies:read" | "policies:write" | "federation:read" | "federation:write")[] | undefined
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
  /** The address that this request came from, as networks are judged. */
  readonly yourAddress: string
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

export interface PoliciesPreviewInput {
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

export interface PoliciesPreviewOutput {
  /** What would hold. */
  readonly policy: {
    readonly secondFactor: "optional" | "required" | "passkey"
    readonly sessionHours: number
    readonly allowedCidrs: readonly string[]
    readonly signInDomains: readonly string[]
    readonly ssoRequired: boolean
  }
  /** Which rules become others. */
  readonly changed: readonly ("secondFactor" | "sessionHours" | "allowedCidrs" | "signInDomains" | "ssoRequired")[]
  /** The address that this request came from, as networks are judged. */
  readonly yourAddress: string
  /** Your own address is in none of the networks: another owner has 15 minutes to confirm. */
  readonly waits: boolean
  /** Why the change would be refused; null: it would be made. */
  readonly refusal: string | null
  /** How many sessions open the workspace now. */
  readonly sessionsOpen: number
  /** How many of them would open it no more. */
  readonly sessionsEnding: number
  /** Members whose sessions would end, and those who could not come in. */
  readonly losing: readonly ({
    readonly memberId: string
    readonly email: string
    readonly name: string | null
    /** How many sessions of this member would open the workspace no more. */
    readonly sessions: number
    readonly sessionsLeft: number
    readonly reasons: readonly ("second_factor" | "network" | "age" | "provider")[]
    /** Whether the member has what it takes to log in again. */
    readonly canReturn: boolean
  })[]
  /** False where there are more members or sessions than were looked at. */
  readonly isComplete: boolean
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
  readonly session: FirstRunCompleteOutput | null
  readonly workspaceId: string | null
  /** The address that the provider told, of a test. */
  readonly testedWith: string | null
}

export interface MessagesSendBatchInput {
  readonly messages: readonly SendRequest[]
  /** All messages or none: the first that is refused refuses the request. They are of one lane and have at most 10000 recipients together. */
  readonly atomic?: boolean | undefined
  /** Everything is checked but limits and suppressions, and nothing is accepted. What would be accepted has the status 200. */
  readonly dryRun?: boolean | undefined
}

export interface MessagesSendBatchOutput {
  readonly accepted: number
  readonly refused: number
  /** Of an atomic batch: what its messages share. */
  readonly requestId: string | null
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
  readonly topic?: string | undefined
  readonly batch?: string | undefined
  readonly subaccount?: string | undefined
  readonly sendAt?: string | undefined
  readonly expiresAt?: string | undefined
}

export interface MessagesListInput {
  /** Messages with a recipient in this state. */
  readonly state?: "pending" | "scheduled" | "held" | "delivered" | "bounced" | "expired" | "suppressed" | "cancelled" | "uncertain" | undefined
  readonly lane?: "critical" | "transactional" | "bulk" | "internal" | undefined
  /** Messages with this tag; repeat the parameter for those with all of several. */
  readonly tag?: string | readonly string[] | undefined
  /** The domain of From, among the newest 200,000 messages of the range. */
  readonly fromDomain?: string | undefined
  /** The exact address of From. A page may then be short. */
  readonly from?: string | undefined
  /** Words that all stand in subject, From, To, tags or metadata. 500 messages are opened for a page, so a page may be short, or empty with a nextCursor. */
  readonly words?: string | undefined
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

export interface MessagesOutcomesInput {
  /** Default: "bounced". */
  readonly state?: "bounced" | "expired" | "suppressed" | "cancelled" | "uncertain" | undefined
  /** An exact address, found by its blind index. */
  readonly recipient?: string | undefined
  /** Only refusals of this class. */
  readonly class?: string | undefined
  /** All but refusals of this class. */
  readonly exceptClass?: string | undefined
  /** Only those that were dismissed, or only those that were not. Default: all. */
  readonly dismissed?: "true" | "false" | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  /** Rows that are passed over before the page; they are not opened. Default: 0. */
  readonly skip?: number | undefined
}

export interface MessagesOutcomesOutput {
  readonly data: readonly Outcome[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface MessagesDismissOutcomesInput {
  /** Of these addresses. Default: of all. */
  readonly emails?: readonly string[] | undefined
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

export interface MessagesResendInput {
  /** Numbers of its recipients; default: those that bounced, expired, were cancelled or are uncertain. */
  readonly recipients?: readonly number[] | undefined
  /** For the timeline and the audit log, which keeps it for ever: no personal data. A text with an "@" is refused. */
  readonly reason?: string | undefined
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

export interface DomainsAddInput {
  /** The domain, such as example.com. */
  readonly name: string
}

export interface DomainsListInput {
  /** Only this domain. */
  readonly name?: string | undefined
  /** Only this one. */
  readonly number?: number | undefined
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

export interface DomainsUpdateInput {
  /** Whether programs get it that ask for the default domain. One of a workspace at most: it takes the place of the one before. */
  readonly isDefault?: boolean | undefined
  /** required: mail from it goes only to servers that take it in TLS, and bounces elsewhere. It holds for mail that is accepted from then on. */
  readonly tls?: "opportunistic" | "required" | undefined
}

export interface DomainsRotateDkimInput {
  /** Whether a private key may be in wrong hands: the standby signs at once. Default: false. */
  readonly emergency?: boolean | undefined
}

export interface TrackingUpdateInput {
  /** off or on where a message says nothing; never: a message cannot ask for it. */
  readonly opens?: "off" | "on" | "never" | undefined
  /** off or on where a message says nothing; never: a message cannot ask for it. */
  readonly clicks?: "off" | "on" | "never" | undefined
  /** Whether on counts for the lane critical too. */
  readonly critical?: boolean | undefined
}

export interface LinkDomainsAddInput {
  /** The host, such as links.example.com. */
  readonly name: string
}

export interface LinkDomainsListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface LinkDomainsListOutput {
  readonly data: readonly LinkDomain[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface ShapingCheckInput {
  /** The file, TOML, up to 512 KiB. */
  readonly text?: string | undefined
}

export interface ShapingResolveInput {
  /** Of a recipient. */
  readonly domain: string
  /** Name of a source; default: the default route. */
  readonly source?: string | undefined
}

export interface ShapingListOverlaysInput {
  /** `true`: also those that are over, for 30 days. Default: "false". */
  readonly ended?: "true" | "false" | undefined
}

export interface ShapingListOverlaysOutput {
  readonly data: readonly ShapingOverlay[]
}

export interface SourcesListOutput {
  readonly data: readonly ({
    readonly name: string
    readonly hosts: readonly ({
      readonly host: string
      readonly ehloName: string
      /** Empty: whatever the routes of the host choose. */
      readonly addresses: readonly string[]
      readonly weight: number
      readonly pools: readonly string[]
      /** Whether the host has the addresses. */
      readonly usable: boolean
      readonly why: string | null
      /** Whether a sender of the host was heard of within 30 seconds. */
      readonly live: boolean
      readonly seenAt: string
    })[]
    readonly pauses: readonly ({
      /** Null: everywhere. */
      readonly provider: string | null
      readonly kind: "operator" | "automatic"
      readonly reason: string
      /** Replies that led to it, without addresses. */
      readonly evidence: readonly ({
        readonly at: string
        readonly rule: string
        readonly code: number
        readonly enhanced: string | null
        readonly text: string
      })[]
      readonly beganAt: string
      /** Null: until it is resumed. */
      readonly until: string | null
      readonly by: string
    })[]
    readonly warmUps: readonly ({
      /** "other": sites of no provider, together. */
      readonly provider: string
      readonly state: "early" | "warming" | "warm" | "paused"
      /** The first day, UTC. */
      readonly start: string
      /** Of its ramp, from 1; pauses set it back. */
      readonly day: number
      readonly days: number
      /** Recipients today; null: no number any more. */
      readonly allowed: number | null
      readonly used: number
      /** Used, or in the hands of a sender that may use it. */
      readonly taken: number
      /** Today. */
      readonly complaints: number
      /** Recipients a day, from the first day of the ramp on. */
      readonly ramp: readonly number[]
      /** The last 60 days on which something was sent, the oldest first; UTC. */
      readonly history: readonly ({
        readonly day: string
        readonly used: number
        /** Null: none, warm. */
        readonly allowed: number | null
        readonly complaints: number
      })[]
      /** Days by which pauses have set it back. */
      readonly setBack: number
    })[]
  })[]
}

export interface SourcesPauseInput {
  /** At this provider only; without it: everywhere. */
  readonly provider?: string | undefined
  /** Shown to whoever asks why; no personal data. */
  readonly reason: string
  /** Ends by itself then; without it: until it is resumed. */
  readonly until?: string | undefined
}

export interface SourcesPauseOutput {
  readonly name: string
  readonly hosts: readonly ({
    readonly host: string
    readonly ehloName: string
    /** Empty: whatever the routes of the host choose. */
    readonly addresses: readonly string[]
    readonly weight: number
    readonly pools: readonly string[]
    /** Whether the host has the addresses. */
    readonly usable: boolean
    readonly why: string | null
    /** Whether a sender of the host was heard of within 30 seconds. */
    readonly live: boolean
    readonly seenAt: string
  })[]
  readonly pauses: readonly ({
    /** Null: everywhere. */
    readonly provider: string | null
    readonly kind: "operator" | "automatic"
    readonly reason: string
    /** Replies that led to it, without addresses. */
    readonly evidence: readonly ({
      readonly at: string
      readonly rule: string
      readonly code: number
      readonly enhanced: string | null
      readonly text: string
    })[]
    readonly beganAt: string
    /** Null: until it is resumed. */
    readonly until: string | null
    readonly by: string
  })[]
  readonly warmUps: readonly ({
    /** "other": sites of no provider, together. */
    readonly provider: string
    readonly state: "early" | "warming" | "warm" | "paused"
    /** The first day, UTC. */
    readonly start: string
    /** Of its ramp, from 1; pauses set it back. */
    readonly day: number
    readonly days: number
    /** Recipients today; null: no number any more. */
    readonly allowed: number | null
    readonly used: number
    /** Used, or in the hands of a sender that may use it. */
    readonly taken: number
    /** Today. */
    readonly complaints: number
    /** Recipients a day, from the first day of the ramp on. */
    readonly ramp: readonly number[]
    /** The last 60 days on which something was sent, the oldest first; UTC. */
    readonly history: readonly ({
      readonly day: string
      readonly used: number
      /** Null: none, warm. */
      readonly allowed: number | null
      readonly complaints: number
    })[]
    /** Days by which pauses have set it back. */
    readonly setBack: number
  })[]
}

export interface SourcesResumeInput {
  /** Only pauses at this provider; without it: all of the source. */
  readonly provider?: string | undefined
}

export interface RoutingListInput {
  readonly workspaceId?: string | undefined
}

export interface RoutingListOutput {
  readonly data: readonly ({
    readonly workspaceId: string
    readonly lane: "critical" | "transactional" | "bulk" | "internal"
    readonly pool: string
    /** Whether a live host has the pool in its file; if not, the pool of the lane is used. */
    readonly known: boolean
    readonly setAt: string
    readonly setBy: string
  })[]
}

export interface RoutingSetInput {
  readonly lanes: readonly ("critical" | "transactional" | "bulk" | "internal")[]
  /** A name of the shaping file. */
  readonly pool: string
}

export interface RoutingSetOutput {
  /** All lanes of the workspace that have one. */
  readonly data: readonly ({
    readonly workspaceId: string
    readonly lane: "critical" | "transactional" | "bulk" | "internal"
    readonly pool: string
    /** Whether a live host has the pool in its file; if not, the pool of the lane is used. */
    readonly known: boolean
    readonly setAt: string
    readonly setBy: string
  })[]
}

export interface RoutingClearInput {
  /** Only this lane; without it: all. */
  readonly lane?: "critical" | "transactional" | "bulk" | "internal" | undefined
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

export interface TemplatesCreateInput {
  readonly name: string
  /** A name of your own by which programs call it, such as order-shipped. Unique in the workspace. */
  readonly alias?: string | undefined
  /** Default: that of the newest version; liquid for a new template. */
  readonly dialect?: "liquid" | "sendgrid-handlebars" | "sendgrid-legacy" | "mandrill-handlebars" | "merge-tags" | "resend" | undefined
  /** Line breaks in what it renders become blanks. */
  readonly subject: string
  /** What the data holds is escaped where it is put in. */
  readonly html?: string | null | undefined
  /** What the data holds is put in as it is. */
  readonly text?: string | null | undefined
  /** Data for previews. It is stored sealed; still, make it up. */
  readonly sampleData?: Readonly<Record<string, unknown>> | undefined
  /** Names of the data with their types, and what is used where a message does not give them. Others may be used without being named here. */
  readonly variables?: readonly ({
    readonly name: string
    /** A message with a value of another type is refused. */
    readonly type: "string" | "number"
    /** Used where the data does not hold the name. */
    readonly fallback?: string | number | undefined
  })[] | undefined
  /** Whom mail of it is from where a message does not say; the domain must be one of the workspace then. */
  readonly from?: {
    readonly email: string
    readonly name?: string | undefined
  } | null | undefined
  /** Addresses to which answers go where a message names none, such as "Ann <ann@example.com>". */
  readonly replyTo?: readonly string[] | undefined
  /** For the people and programs of the workspace, to find it by. */
  readonly labels?: readonly string[] | undefined
  /** What changed, for the people of the workspace. */
  readonly note?: string | undefined
}

export interface TemplatesListInput {
  /** A part of the name or of the alias, in any case. */
  readonly search?: string | undefined
  /** true: those that were deleted and can be restored, instead. Default: "false". */
  readonly deleted?: "true" | "false" | undefined
  /** Only those whose newest version is written in one of these, with commas between them. */
  readonly dialects?: string | undefined
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface TemplatesListOutput {
  readonly data: readonly Template[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface TemplatesPreviewInput {
  /** The id, tpl_…, or the alias. */
  readonly templateId?: string | undefined
  /** Default: the active version, or the newest where none is active. Drafts too. */
  readonly version?: number | undefined
  /** Of what is to be rendered; a template has its own. Default: "liquid". */
  readonly dialect?: "liquid" | "sendgrid-handlebars" | "sendgrid-legacy" | "mandrill-handlebars" | "merge-tags" | "resend" | undefined
  /** Line breaks in what it renders become blanks. */
  readonly subject?: string | undefined
  /** What the data holds is escaped where it is put in. */
  readonly html?: string | null | undefined
  /** What the data holds is put in as it is. */
  readonly text?: string | null | undefined
  /** Default: the sample data of the version; else none. */
  readonly data?: Readonly<Record<string, unknown>> | undefined
  /** HTML for regions that carry mc:edit="name", before the dialect is rendered: it is of the author, not data. */
  readonly editable?: readonly ({
    readonly name: string
    readonly content: string
  })[] | undefined
  /** Names of the data with their types, and what is used where a message does not give them. Others may be used without being named here. */
  readonly variables?: readonly ({
    readonly name: string
    /** A message with a value of another type is refused. */
    readonly type: "string" | "number"
    /** Used where the data does not hold the name. */
    readonly fallback?: string | number | undefined
  })[] | undefined
  /** A variable that the data does not hold is an error. Default: false. */
  readonly strict?: boolean | undefined
}

export interface TemplatesUpdateInput {
  readonly name?: string | undefined
  /** null takes it away. */
  readonly alias?: string | null | undefined
}

export interface TemplatesDuplicateInput {
  /** Default: the name of the original and "(copy)". */
  readonly name?: string | undefined
  /** A name of your own by which programs call it, such as order-shipped. Unique in the workspace. */
  readonly alias?: string | undefined
}

export interface TemplatesCreateVersionInput {
  /** Default: that of the newest version; liquid for a new template. */
  readonly dialect?: "liquid" | "sendgrid-handlebars" | "sendgrid-legacy" | "mandrill-handlebars" | "merge-tags" | "resend" | undefined
  /** Line breaks in what it renders become blanks. */
  readonly subject: string
  /** What the data holds is escaped where it is put in. */
  readonly html?: string | null | undefined
  /** What the data holds is put in as it is. */
  readonly text?: string | null | undefined
  /** Data for previews. It is stored sealed; still, make it up. */
  readonly sampleData?: Readonly<Record<string, unknown>> | undefined
  /** Names of the data with their types, and what is used where a message does not give them. Others may be used without being named here. */
  readonly variables?: readonly ({
    readonly name: string
    /** A message with a value of another type is refused. */
    readonly type: "string" | "number"
    /** Used where the data does not hold the name. */
    readonly fallback?: string | number | undefined
  })[] | undefined
  /** Whom mail of it is from where a message does not say; the domain must be one of the workspace then. */
  readonly from?: {
    readonly email: string
    readonly name?: string | undefined
  } | null | undefined
  /** Addresses to which answers go where a message names none, such as "Ann <ann@example.com>". */
  readonly replyTo?: readonly string[] | undefined
  /** For the people and programs of the workspace, to find it by. */
  readonly labels?: readonly string[] | undefined
  /** What changed, for the people of the workspace. */
  readonly note?: string | undefined
  /** The version whose place it takes: lists can leave that one out, and what is deleted of the two is deleted of both. */
  readonly follows?: number | undefined
}

export interface TemplatesListVersionsInput {
  /** Only the versions that took the place of this one, and itself: tpv_…. */
  readonly lineageId?: string | undefined
  /** true: of versions that took each other’s place the last one only. Default: "false". */
  readonly latest?: "true" | "false" | undefined
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface TemplatesListVersionsOutput {
  readonly data: readonly TemplateVersionSummary[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface TemplatesUpdateVersionInput {
  /** Default: that of the newest version; liquid for a new template. */
  readonly dialect?: "liquid" | "sendgrid-handlebars" | "sendgrid-legacy" | "mandrill-handlebars" | "merge-tags" | "resend" | undefined
  /** Line breaks in what it renders become blanks. */
  readonly subject?: string | undefined
  /** What the data holds is escaped where it is put in. */
  readonly html?: string | null | undefined
  /** What the data holds is put in as it is. */
  readonly text?: string | null | undefined
  /** Data for previews. It is stored sealed; still, make it up. */
  readonly sampleData?: Readonly<Record<string, unknown>> | undefined
  /** Names of the data with their types, and what is used where a message does not give them. Others may be used without being named here. */
  readonly variables?: readonly ({
    readonly name: string
    /** A message with a value of another type is refused. */
    readonly type: "string" | "number"
    /** Used where the data does not hold the name. */
    readonly fallback?: string | number | undefined
  })[] | undefined
  /** Whom mail of it is from where a message does not say; the domain must be one of the workspace then. */
  readonly from?: {
    readonly email: string
    readonly name?: string | undefined
  } | null | undefined
  /** Addresses to which answers go where a message names none, such as "Ann <ann@example.com>". */
  readonly replyTo?: readonly string[] | undefined
  /** For the people and programs of the workspace, to find it by. */
  readonly labels?: readonly string[] | undefined
  /** What changed, for the people of the workspace. */
  readonly note?: string | undefined
  /** Only where the draft still has this hash: another person may have changed it meanwhile. */
  readonly ifHash?: string | undefined
}

export interface SuppressionsAddInput {
  readonly email: string
  /** Default: "manual". */
  readonly reason?: "hard_bounce" | "complaint" | "unsubscribe" | "manual" | undefined
  /** Default all; for the reason unsubscribe bulk. */
  readonly scope?: "all" | "bulk" | undefined
  /** When the entry ends by itself. Default never. */
  readonly expiresAt?: string | undefined
  /** For people. Stored sealed. */
  readonly note?: string | undefined
}

export interface SuppressionsListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  /** Rows that are passed over before the page; they are not opened. Default: 0. */
  readonly skip?: number | undefined
  /** Only this address. */
  readonly email?: string | undefined
  /** Entries for which this reason was told, beside others too. */
  readonly reason?: "hard_bounce" | "complaint" | "unsubscribe" | "manual" | undefined
  readonly scope?: "all" | "bulk" | undefined
  /** Entries made at this time or later. */
  readonly since?: string | undefined
  /** Entries made before this time. */
  readonly until?: string | undefined
  /** true: only addresses that DNS or a server said are none at all; false: only others. */
  readonly unroutable?: "true" | "false" | undefined
}

export interface SuppressionsListOutput {
  readonly data: readonly Suppression[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface SuppressionsExplainInput {
  readonly email: string
}

export interface SuppressionsExportInput {
  /** Entries, 1 to 5000. Default: 1000. */
  readonly limit?: number | undefined
  /** next of the part before. */
  readonly cursor?: string | undefined
  /** Entries for which this reason was told, beside others too. */
  readonly reason?: "hard_bounce" | "complaint" | "unsubscribe" | "manual" | undefined
  readonly scope?: "all" | "bulk" | undefined
  /** Entries made at this time or later. */
  readonly since?: string | undefined
  /** Entries made before this time. */
  readonly until?: string | undefined
  /** true: only addresses that DNS or a server said are none at all; false: only others. */
  readonly unroutable?: "true" | "false" | undefined
}

export interface SuppressionsUpdateInput {
  /** all: no mail goes there; bulk: only mail of the lane bulk does not. */
  readonly scope?: "all" | "bulk" | undefined
  /** When the entry ends by itself; null: never. */
  readonly expiresAt?: string | null | undefined
  readonly note?: string | null | undefined
}

export interface SuppressionsDeleteInput {
  /** For the audit log: no personal data. */
  readonly why?: string | undefined
}

export interface SuppressionsDeleteByEmailInput {
  readonly email: string
}

export interface SuppressionsWithdrawInput {
  readonly reason: "hard_bounce" | "complaint" | "unsubscribe" | "manual"
  /** Default: all addresses. */
  readonly emails?: readonly string[] | undefined
  /** As in the list. */
  readonly unroutable?: boolean | undefined
}

export interface SuppressionsWithdrawOutput {
  /** Addresses for which this reason had been told. */
  readonly withdrawn: number
  readonly hasMore: boolean
}

export interface SuppressionExemptionsAddInput {
  readonly email: string
  /** For people. Stored sealed. */
  readonly note?: string | undefined
}

export interface SuppressionExemptionsListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  /** Only this address. */
  readonly email?: string | undefined
}

export interface SuppressionExemptionsListOutput {
  readonly data: readonly SuppressionExemption[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface SuppressionExemptionsDeleteInput {
  readonly email: string
}

export interface SuppressionImportsStartInput {
  /** csv, or jsonl: an object or an address on each line. */
  readonly format: "csv" | "jsonl"
  /** Default: false. */
  readonly dryRun?: boolean | undefined
  /** For lines that name none. Default: "manual". */
  readonly reason?: "hard_bounce" | "complaint" | "unsubscribe" | "manual" | undefined
  /** For lines that name none. Default by the reason. */
  readonly scope?: "all" | "bulk" | undefined
  /** For lines that name none. Default never. */
  readonly expiresAt?: string | undefined
  /** Of CSV: what each column is, where its titles do not tell. The first line is then one of titles unless it holds an address. */
  readonly columns?: readonly ("email" | "reason" | "scope" | "note" | "expiresAt" | "ignored")[] | undefined
}

export interface SuppressionImportsAddLinesInput {
  /** nextLine of the import. */
  readonly fromLine: number
  readonly text: string
  /** No more lines follow: the import is done. Default: false. */
  readonly isLast?: boolean | undefined
}

export interface SuppressionImportsAddLinesOutput {
  readonly import: SuppressionImport
  /** UTF-16 code units of text that were read. */
  readonly charsTaken: number
}

export interface SuppressionImportsListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface SuppressionImportsListOutput {
  readonly data: readonly SuppressionImport[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface SuppressionImportsListRefusalsInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface SuppressionImportsListRefusalsOutput {
  readonly data: readonly SuppressionImportRefusal[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface TopicsCreateInput {
  readonly name: string
  readonly description?: string | undefined
  /** The default topic; it takes the place of the one before. */
  readonly isDefault?: boolean | undefined
}

export interface TopicsListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface TopicsListOutput {
  readonly data: readonly Topic[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface TopicsOfAddressInput {
  readonly email: string
}

export interface TopicsOfAddressOutput {
  readonly data: readonly TopicOfAddress[]
}

export interface TopicsUpdateInput {
  readonly name?: string | undefined
  readonly description?: string | undefined
  /** The default topic; it takes the place of the one before. */
  readonly isDefault?: boolean | undefined
}

export interface TopicSuppressionsListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  /** Its id, top_…, or its number. */
  readonly topic?: string | undefined
  /** Only this address. */
  readonly email?: string | undefined
  /** Who left at this time or later. */
  readonly since?: string | undefined
}

export interface TopicSuppressionsListOutput {
  readonly data: readonly TopicSuppression[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface TopicSuppressionsAddInput {
  readonly emails: readonly string[]
}

export interface TopicSuppressionsAddOutput {
  /** Those that had not left it before. */
  readonly added: number
  /** All of them, each once. */
  readonly emails: readonly string[]
}

export interface TopicSuppressionsSearchInput {
  readonly emails: readonly string[]
}

export interface TopicSuppressionsSearchOutput {
  readonly emails: readonly string[]
}

export interface TopicSuppressionsRemoveInput {
  readonly email: string
}

export interface BatchesListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface BatchesListOutput {
  readonly data: readonly Batch[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface BatchesUpdateInput {
  readonly state: "active" | "paused" | "cancelled"
}

export interface SubaccountsCreateInput {
  /** By which messages name it; never changes. */
  readonly name: string
  readonly title?: string | undefined
  readonly note?: string | undefined
  /** Recipients an hour; what is more is accepted and waits for the next hour. */
  readonly hourlyQuota?: number | undefined
}

export interface SubaccountsListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  /** Only those whose name begins with it. */
  readonly begins?: string | undefined
}

export interface SubaccountsListOutput {
  readonly data: readonly Subaccount[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface SubaccountsUpdateInput {
  readonly title?: string | undefined
  readonly note?: string | null | undefined
  readonly hourlyQuota?: number | null | undefined
  readonly state?: "active" | "paused" | undefined
}

export interface ContactsCreateInput {
  readonly email: string
  readonly firstName?: string | undefined
  readonly lastName?: string | undefined
  /** What else is known, for templates. */
  readonly attributes?: Readonly<Record<string, string | number | boolean>> | undefined
  /** No broadcast goes there. Default false. */
  readonly unsubscribed?: boolean | undefined
  /** Lists to put it on, lst_…. */
  readonly lists?: readonly string[] | undefined
  /** Changes the contact that has the address already, as contacts.update does. */
  readonly upsert?: boolean | undefined
}

export interface ContactsListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  /** Only those on this list. */
  readonly listId?: string | undefined
  /** Only those that are, or are not. */
  readonly unsubscribed?: "true" | "false" | undefined
}

export interface ContactsListOutput {
  readonly data: readonly Contact[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface ContactsUpdateInput {
  readonly email?: string | undefined
  readonly firstName?: string | null | undefined
  readonly lastName?: string | null | undefined
  readonly attributes?: Readonly<Record<string, string | number | boolean | null>> | undefined
  readonly unsubscribed?: boolean | undefined
}

export interface ListsCreateInput {
  readonly name: string
  /** For people. */
  readonly description?: string | undefined
}

export interface ListsListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  /** Only the lists that this contact is on: its id, con_…, or its address. */
  readonly contact?: string | undefined
}

export interface ListsListOutput {
  readonly data: readonly ContactList[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface ListsUpdateInput {
  readonly name?: string | undefined
  readonly description?: string | null | undefined
}

export interface ListsAddContactsInput {
  /** Ids, con_…, or addresses. */
  readonly contacts: readonly string[]
}

export interface ListsRemoveContactsInput {
  /** Ids, con_…, or addresses. */
  readonly contacts: readonly string[]
}

export interface BroadcastsCreateInput {
  /** For people; recipients do not see it. */
  readonly name: string
  /** To whom: lst_…. */
  readonly listId: string
  /** Who has left it gets nothing: top_… or "default". */
  readonly topic?: string | undefined
  /** An address of a verified domain of the workspace. */
  readonly from: Address
  readonly replyTo?: readonly Address[] | undefined
  readonly subject: string
  /** What inboxes show beside the subject. */
  readonly previewText?: string | undefined
  /** HTML. The link to unsubscribe is the value unsubscribe_url. */
  readonly html?: string | undefined
  readonly text?: string | undefined
  /** In which it is written. Default liquid. */
  readonly dialect?: "liquid" | "sendgrid-handlebars" | "sendgrid-legacy" | "mandrill-handlebars" | "merge-tags" | "resend" | undefined
}

export interface BroadcastsListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  readonly state?: "draft" | "scheduled" | "queued" | "sending" | "sent" | "cancelled" | "failed" | undefined
}

export interface BroadcastsListOutput {
  readonly data: readonly Broadcast[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface BroadcastsUpdateInput {
  /** For people; recipients do not see it. */
  readonly name?: string | undefined
  readonly listId?: string | undefined
  readonly topic?: string | null | undefined
  readonly from?: Address | undefined
  readonly replyTo?: readonly Address[] | null | undefined
  readonly subject?: string | undefined
  readonly previewText?: string | null | undefined
  readonly html?: string | null | undefined
  readonly text?: string | null | undefined
  /** The language in which it is written. Those of other vendors are rendered as theirs are. */
  readonly dialect?: "liquid" | "sendgrid-handlebars" | "sendgrid-legacy" | "mandrill-handlebars" | "merge-tags" | "resend" | undefined
}

export interface BroadcastsSendInput {
  /** When it begins, at most 365 days ahead. Default: at once. */
  readonly scheduledAt?: string | undefined
}

export interface BroadcastsCancelInput {
  /** Make a draft again of one that still waits for its time, instead of cancelling it. */
  readonly toDraft?: boolean | undefined
}

export interface BroadcastsListRecipientsInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  /** Only those in this state. */
  readonly state?: "pending" | "sent" | "skipped" | "suppressed" | "failed" | "cancelled" | undefined
}

export interface BroadcastsListRecipientsOutput {
  readonly data: readonly BroadcastRecipient[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface BouncesListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  /** Only what came back for this message. */
  readonly messageId?: string | undefined
  readonly kind?: "bounce" | "notice" | "complaint" | "auto_reply" | "challenge" | "receipt" | "other" | "mail" | undefined
}

export interface BouncesListOutput {
  readonly data: readonly Bounce[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface QuarantineListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  readonly kind?: "bounce" | "notice" | "complaint" | "auto_reply" | "challenge" | "receipt" | "other" | "mail" | undefined
}

export interface QuarantineListOutput {
  readonly data: readonly QuarantineItem[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface WebhooksCreateInput {
  readonly url: string
  readonly description?: string | undefined
  /** Which events to send; an empty list means all but audit.recorded, which is sent where it is named. Default: []. */
  readonly eventTypes?: readonly ("message.accepted" | "message.delivered" | "message.deferred" | "message.bounced" | "message.expired" | "message.suppressed" | "message.cancelled" | "message.uncertain" | "message.held" | "message.released" | "message.returned" | "message.complained" | "message.opened" | "message.clicked" | "message.unsubscribed" | "message.resent" | "containment.changed" | "audit.recorded" | "security.alert")[] | undefined
  /** Default: "bulkhead". */
  readonly format?: "bulkhead" | "sendgrid" | "mandrill" | "resend" | undefined
  /** Of a vendor's format: which of the vendor's events to send, by its names, instead of eventTypes, which follow from them. */
  readonly formatEvents?: readonly string[] | undefined
  /** Whether requests are signed. Only the format sendgrid may go without, as there; default true. */
  readonly signing?: boolean | undefined
}

export interface WebhooksCreateOutput {
  readonly id: string
  readonly url: string
  readonly description: string | null
  /** In whose words events are told, and by whose way they are signed. */
  readonly format: "bulkhead" | "sendgrid" | "mandrill" | "resend"
  readonly signing: boolean
  /** Empty: all but audit.recorded. Of a vendor's format those that can be told in it. */
  readonly eventTypes: readonly string[]
  /** Of a vendor's format: the names that are sent. Empty: all that eventTypes give. */
  readonly formatEvents: readonly string[]
  readonly state: "enabled" | "disabled"
  /** Why it was switched off. */
  readonly disabledReason: string | null
  /** Since when no delivery has succeeded. */
  readonly failingSince: string | null
  /** Until when the secret before the last rotation signs as well. */
  readonly previousSecretExpiresAt: string | null
  readonly createdAt: string
  /** When its settings were changed last. */
  readonly updatedAt: string
  /** Until when it gets no security.alert, because it or its URL is new in an established workspace; other events it gets. */
  readonly inertUntil: string | null
  /** The signing secret, shown this once: `whsec_…` (Standard Webhooks), or the authentication key of the format mandrill. Null of the format sendgrid, whose receivers need the public key only. */
  readonly secret: string | null
  /** Of the format sendgrid: what signatures are verified with, in base64 (SPKI). */
  readonly publicKey: string | null
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
  readonly eventTypes?: readonly ("message.accepted" | "message.delivered" | "message.deferred" | "message.bounced" | "message.expired" | "message.suppressed" | "message.cancelled" | "message.uncertain" | "message.held" | "message.released" | "message.returned" | "message.complained" | "message.opened" | "message.clicked" | "message.unsubscribed" | "message.resent" | "containment.changed" | "audit.recorded" | "security.alert")[] | undefined
  /** A format with secrets of another kind gets a new one: rotate it to see one. What the format cannot tell falls away from eventTypes. */
  readonly format?: "bulkhead" | "sendgrid" | "mandrill" | "resend" | undefined
  /** Of a vendor's format: which of the vendor's events to send, by its names, instead of eventTypes, which follow from them. */
  readonly formatEvents?: readonly string[] | undefined
  /** Whether requests are signed. Only the format sendgrid may go without, as there; default true. */
  readonly signing?: boolean | undefined
  readonly state?: "enabled" | "disabled" | undefined
}

export interface WebhooksStatisticsInput {
  /** 24h in bins of 30 minutes, 7d in bins of 4 hours. Default: "24h". */
  readonly period?: "24h" | "7d" | undefined
}

export interface WebhooksStatisticsOutput {
  readonly since: string
  readonly binSeconds: number
  /** False: only the newest 100,000 deliveries were counted. */
  readonly isWhole: boolean
  readonly delivered: number
  readonly failed: number
  readonly pending: number
  /** One entry for each bin, the oldest first, by the time of the event. Empty bins too. */
  readonly data: readonly ({
    readonly at: string
    readonly delivered: number
    readonly failed: number
    readonly pending: number
    /** Of the last tries. */
    readonly medianMs: number | null
  })[]
}

export interface WebhooksGetVerificationOutput {
  readonly format: "bulkhead" | "sendgrid" | "mandrill" | "resend"
  readonly signing: boolean
  readonly algorithm: "hmac-sha256" | "hmac-sha1" | "ecdsa-p256-sha256"
  /** The headers of a request that the signature is verified with. */
  readonly headers: readonly string[]
  /** Of the format sendgrid, in base64 (SPKI). The secrets of the others are shown where they are made, and nowhere else. */
  readonly publicKey: string | null
}

export interface WebhooksDeliveriesInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  /** newest: for people; what is committed later than the first page is not in the list. Default: "oldest". */
  readonly order?: "oldest" | "newest" | undefined
  readonly state?: "pending" | "delivered" | "failed" | undefined
  readonly type?: "message.accepted" | "message.delivered" | "message.deferred" | "message.bounced" | "message.expired" | "message.suppressed" | "message.cancelled" | "message.uncertain" | "message.held" | "message.released" | "message.returned" | "message.complained" | "message.opened" | "message.clicked" | "message.unsubscribed" | "message.resent" | "containment.changed" | "audit.recorded" | "security.alert" | "webhook.test" | "webhook.check" | undefined
  /** Deliveries of events of this time or later. */
  readonly since?: string | undefined
}

export interface WebhooksDeliveriesOutput {
  readonly data: readonly WebhookDelivery[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface WebhooksMessageOutput {
  readonly data: readonly MessageWebhookDelivery[]
  /** False: only the newest 500 are listed. */
  readonly isWhole: boolean
}

export interface WebhooksDeliveryOutput {
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
  /** How long the last try took, in milliseconds. */
  readonly durationMs: number | null
  readonly createdAt: string
  readonly settledAt: string | null
  /** What is sent, as it would be now. Null where whoever asks may not see it, or where it is no more. */
  readonly body: string | null
  /** Why there is no body. */
  readonly bodyProblem: string | null
  /** The begin of what the endpoint answered last, at most 2 KiB. Kept of events of messages that are not sensitive, and of tests; in production never of a private address. */
  readonly answer: string | null
}

export interface WebhooksReplayFailedInput {
  /** Default: 1000. */
  readonly limit?: number | undefined
  /** Only what had failed at this time. Default: now. */
  readonly until?: string | undefined
}

export interface WebhooksReplayFailedOutput {
  /** Deliveries that wait again. */
  readonly replayed: number
  /** Failed ones that are still to come, counted to 10,000. */
  readonly left: number
  /** Give it with the next request: what failed after this time is not taken. */
  readonly until: string
}

export interface InboundRoutesCreateInput {
  readonly hostname: string
  readonly url: string
  /** Send the mail as it came, instead of its parts. Default: false. */
  readonly sendRaw?: boolean | undefined
}

export interface InboundRoutesListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  /** Only the one of this host name. */
  readonly hostname?: string | undefined
}

export interface InboundRoutesListOutput {
  readonly data: readonly InboundRoute[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface InboundRoutesUpdateInput {
  readonly url?: string | undefined
  readonly sendRaw?: boolean | undefined
}

export interface InboundRoutesMailInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  readonly state?: "pending" | "delivered" | "failed" | "expired" | undefined
}

export interface InboundRoutesMailOutput {
  readonly data: readonly InboundRouteMail[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface ApiKeysCreateInput {
  /** What the key is for. */
  readonly name: string
  /** Default: those of the key that asks. */
  readonly scopes?: readonly ("messages:send" | "messages:read" | "messages:write" | "domains:read" | "domains:write" | "senders:read" | "senders:write" | "suppressions:read" | "suppressions:write" | "contacts:read" | "contacts:write" | "broadcasts:read" | "broadcasts:write" | "broadcasts:send" | "templates:read" | "templates:write" | "webhooks:read" | "webhooks:write" | "api-keys:read" | "api-keys:write" | "smtp-credentials:read" | "smtp-credentials:write" | "credentials:kill" | "containments:read" | "containments:write" | "audit:read" | "inbox:read" | "inbox:write" | "workspace:read" | "operations:read" | "alerts:read" | "alerts:write")[] | undefined
  /** Networks from which it works, such as 192.0.2.0/24. Empty: all. Default: those of the key that asks. */
  readonly allowedCidrs?: readonly string[] | undefined
  /** As whom it may send: ann@example.com or @example.com. Empty: all of the workspace. Default: those of the key that asks. */
  readonly allowedSenders?: readonly string[] | undefined
  /** Default: that of the key that asks, or never. */
  readonly expiresAt?: string | undefined
  /** What a report of a leak does. tighten: 72 more hours from the networks where it worked before. by_scope: tighten a key that can only send, revoke every other. Default: "by_scope". */
  readonly onLeak?: "by_scope" | "revoke" | "tighten" | undefined
  /** Makes a key in the form of this vendor’s, which opens /compat/<vendor> and nothing else. Default: as the key that asks. */
  readonly door?: "sendgrid" | "resend" | "mandrill" | undefined
  /** Of a key of a door: what it may do by the vendor’s own names; the rest is refused there. Default: all that its scopes allow. */
  readonly doorScopes?: readonly string[] | undefined
}

export interface ApiKeysCreateOutput {
  readonly id: string
  readonly name: string
  /** The public start of the key; names it in lists and logs. */
  readonly prefix: string
  readonly scopes: readonly string[]
  /** The vendor whose API it opens, and nothing else; null: ours. */
  readonly door: "sendgrid" | "resend" | "mandrill" | null
  /** What it may do by the names of that vendor, beside its scopes; empty: all that its scopes allow. */
  readonly doorScopes: readonly string[]
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
  /** Only keys of this door. */
  readonly door?: "sendgrid" | "resend" | "mandrill" | undefined
  /** true: only keys that can be used. Default: "false". */
  readonly live?: "true" | "false" | undefined
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

export interface ApiKeysUsesInput {
  /** Only keys of this door. */
  readonly door?: "sendgrid" | "resend" | "mandrill" | undefined
  /** Default: 50. */
  readonly limit?: number | undefined
}

export interface ApiKeysUsesOutput {
  readonly data: readonly ApiKeyUse[]
}

export interface ApiKeysUpdateInput {
  /** What the key is for. */
  readonly name?: string | undefined
  readonly scopes?: readonly ("messages:send" | "messages:read" | "messages:write" | "domains:read" | "domains:write" | "senders:read" | "senders:write" | "suppressions:read" | "suppressions:write" | "contacts:read" | "contacts:write" | "broadcasts:read" | "broadcasts:write" | "broadcasts:send" | "templates:read" | "templates:write" | "webhooks:read" | "webhooks:write" | "api-keys:read" | "api-keys:write" | "smtp-credentials:read" | "smtp-credentials:write" | "credentials:kill" | "containments:read" | "containments:write" | "audit:read" | "inbox:read" | "inbox:write" | "workspace:read" | "operations:read" | "alerts:read" | "alerts:write")[] | undefined
  /** What it may do by the vendor’s own names; empty: all that its scopes allow. */
  readonly doorScopes?: readonly string[] | undefined
}

export interface ApiKeysRotateInput {
  /** How long the old one goes on working, in hours; 0 ends it at once. Default: 24. */
  readonly overlapHours?: number | undefined
}

export interface DoorNetworksListOutput {
  readonly data: readonly DoorNetwork[]
}

export interface DoorNetworksAddInput {
  /** Networks such as 192.0.2.0/24, or addresses. */
  readonly cidrs: readonly string[]
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
  readonly scopes: readonly ("messages:send" | "messages:read" | "messages:write" | "domains:read" | "domains:write" | "senders:read" | "senders:write" | "suppressions:read" | "suppressions:write" | "contacts:read" | "contacts:write" | "broadcasts:read" | "broadcasts:write" | "broadcasts:send" | "templates:read" | "templates:write" | "webhooks:read" | "webhooks:write" | "api-keys:read" | "api-keys:write" | "smtp-credentials:read" | "smtp-credentials:write" | "credentials:kill" | "containments:read" | "containments:write" | "audit:read" | "inbox:read" | "inbox:write" | "workspace:read" | "operations:read" | "alerts:read" | "alerts:write")[]
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

export interface HtmlViewsCreateInput {
  readonly html: string
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

export interface TlsShowInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface TlsShowOutput {
  readonly dane: {
    /** off: no validating resolver is named. not-validating: the one that is named proves nothing. */
    readonly state: "off" | "on" | "not-validating" | "unreachable"
    /** BULKHEAD_DNSSEC_RESOLVER. */
    readonly resolver: string | null
    /** What to do, where DANE is not on. */
    readonly advice: string | null
  }
  /** What protects mail on its way. */
  readonly shares: readonly ({
    /** none: TLS where it is offered, certificates not checked. */
    readonly policy: "dane" | "sts" | "none"
    /** Domains whose servers senders found in the last 30 days. */
    readonly destinations: number
    /** Domains with sessions today or yesterday (UTC). */
    readonly domains: number
    /** TLS sessions. */
    readonly sessions: number
    /** TLS sessions. */
    readonly failures: number
  })[]
  /** Sessions of today and yesterday that went wrong, the most first; at most 50. */
  readonly problems: readonly ({
    readonly domain: string
    readonly policy: "dane" | "sts" | "none"
    /** A result type of RFC 8460 §4.3. */
    readonly result: string
    readonly mxHost: string | null
    /** TLS sessions. */
    readonly sessions: number
    readonly lastDay: string
  })[]
  /** BULKHEAD_TLS_REPORTS. */
  readonly reportsSent: boolean
  readonly policies: {
    readonly data: readonly ({
      readonly domain: string
      readonly mode: "enforce" | "testing" | "none"
      readonly mx: readonly string[]
      readonly fetchedAt: string
      readonly expiresAt: string
      /** When fetching it last failed, since it was last fetched. */
      readonly failedAt: string | null
      readonly problem: string | null
    })[]
    readonly nextCursor: string | null
  }
}

export interface TlsListReportsInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  /** Those about this domain. */
  readonly domain?: string | undefined
}

export interface TlsListReportsOutput {
  readonly data: readonly TlListReport[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface TlsListInstallationReportsInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface TlsListSentInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface TlsListSentOutput {
  readonly data: readonly TlListSent[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
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

export interface QueueGetInput {
  readonly lane?: "critical" | "transactional" | "bulk" | "internal" | undefined
  readonly site?: string | undefined
  readonly provider?: string | undefined
  readonly pool?: string | undefined
  /** Only these lines. The numbers by lane and by site stay those of all states. */
  readonly state?: "ready" | "line" | "deferred" | "scheduled" | "in flight" | "held" | "contained" | undefined
}

export interface QueueGetOutput {
  /** By lane and state. */
  readonly data: readonly ({
    readonly lane: "critical" | "transactional" | "bulk" | "internal"
    /** `ready`, `line` (its site takes no more at the moment), `deferred`, `scheduled`, `in flight`, `held`, or `contained` where it may not leave. */
    readonly state: string
    readonly recipients: number
    readonly oldestDue: string | null
  })[]
  /** By lane and site, the longest first; at most 100. */
  readonly sites: readonly ({
    readonly lane: "critical" | "transactional" | "bulk" | "internal"
    /** Null: nothing has gone there yet. */
    readonly site: string | null
    readonly provider: string | null
    readonly recipients: number
    readonly oldestDue: string | null
  })[]
  /** By lane, site, pool, state and holder, the longest first; at most 100. */
  readonly lines: readonly QueueLine[]
  /** What is in no line above, because there are more than 100. */
  readonly rest: {
    readonly lines: number
    readonly recipients: number
  }
  /** False: the queue is too long to count at once, and every number is the least that it can be. */
  readonly complete: boolean
}

export interface QueueActsPreviewInput {
  /** `pause`: nothing of this leaves, also what comes later. `hold`: what waits now is held. `release`: ends holds. `requeue`: deferred mail is due now. `expire`: mail ends. */
  readonly act: "pause" | "hold" | "release" | "requeue" | "expire"
  /** What it is about; empty: everything that waits. Default: {}. */
  readonly filter?: {
    readonly lanes?: readonly ("critical" | "transactional" | "bulk" | "internal")[] | undefined
    /** Sites as `queue.get` shows them: what a set of MX hosts is called. */
    readonly sites?: readonly string[] | undefined
    /** Providers of the shaping rules, such as google. */
    readonly providers?: readonly string[] | undefined
    /** Domains of recipients. They are kept as a keyed hash. */
    readonly domains?: readonly string[] | undefined
    /** Pools given to lanes of workspaces; where none was given, `default`. */
    readonly pools?: readonly string[] | undefined
    /** Tags of messages. */
    readonly tags?: readonly string[] | undefined
    /** Sending domains. */
    readonly fromDomains?: readonly string[] | undefined
    /** Messages, msg_…. */
    readonly messages?: readonly string[] | undefined
    readonly attemptsAtLeast?: number | undefined
    readonly attemptsAtMost?: number | undefined
    readonly acceptedBefore?: string | undefined
    readonly acceptedAfter?: string | undefined
    readonly dueBefore?: string | undefined
    readonly dueAfter?: string | undefined
    /** What the other side said last: a code (421), an enhanced code (4.7.1) or the beginning of one (4.7). */
    readonly replies?: readonly string[] | undefined
    /** The class of the last refusal. */
    readonly replyClasses?: readonly ("recipient" | "mailbox" | "policy" | "reputation" | "content" | "infrastructure" | "protocol")[] | undefined
  } | undefined
  /** Of a pause: when it ends by itself. */
  readonly until?: string | undefined
  /** Of expire: how long it can be undone. Default 600; 0: not at all. */
  readonly graceSeconds?: number | undefined
  /** Of requeue: over how long the mail becomes due, so that no site is flooded. Default 60. */
  readonly spreadSeconds?: number | undefined
}

export interface QueueActsPreviewOutput {
  /** Give it to the act within ten minutes. It stands for exactly this. */
  readonly token: string
  readonly act: "pause" | "hold" | "release" | "requeue" | "expire"
  /** How many recipients it would touch. The act names this number. */
  readonly expected: number
  /** False: the queue is too long to count at once, and every number is the least that it can be. */
  readonly complete: boolean
  readonly oldestDue: string | null
  readonly states: readonly ({
    readonly lane: "critical" | "transactional" | "bulk" | "internal"
    /** `ready`, `line` (its site takes no more at the moment), `deferred`, `scheduled`, `in flight`, `held`, or `contained` where it may not leave. */
    readonly state: string
    readonly recipients: number
    readonly oldestDue: string | null
  })[]
  readonly sites: readonly ({
    readonly lane: "critical" | "transactional" | "bulk" | "internal"
    /** Null: nothing has gone there yet. */
    readonly site: string | null
    readonly provider: string | null
    readonly recipients: number
    readonly oldestDue: string | null
  })[]
  readonly workspaces: readonly ({
    readonly lane: "critical" | "transactional" | "bulk" | "internal"
    readonly workspaceId: string
    readonly recipients: number
    readonly oldestDue: string | null
  })[]
  /** Of them being attempted now: a hold takes them when they come back. */
  readonly inFlight: number
  /** What the filter names and this act leaves alone. */
  readonly spared: readonly ({
    readonly state: string
    readonly recipients: number
    readonly oldestDue: string | null
  })[]
  /** Up to 5 of them, without addresses. */
  readonly examples: readonly ({
    readonly messageId: string
    readonly workspaceId: string
    readonly recipient: number
    readonly lane: "critical" | "transactional" | "bulk" | "internal"
    readonly site: string | null
    readonly state: string
    readonly dueAt: string
    readonly attempts: number
  })[]
  readonly notes: readonly string[]
  /** Until when the token is taken. */
  readonly expiresAt: string
}

export interface QueueActsCreateInput {
  /** Of the preview, unchanged. */
  readonly token: string
  /** How many recipients the preview showed. */
  readonly expected: number
  /** Why. Whose mail it is reads it. */
  readonly reason: string
}

export interface QueueActsListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  /** `open`: only those that have not ended. Default: "all". */
  readonly state?: "open" | "all" | undefined
}

export interface QueueActsListOutput {
  readonly data: readonly QueueAct[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface QueueActsUndoInput {
  /** Why it is taken back. */
  readonly reason: string
}

export interface InstallationQueueGetInput {
  /** Only the mail of this workspace. */
  readonly workspaceId?: string | undefined
  readonly lane?: "critical" | "transactional" | "bulk" | "internal" | undefined
  readonly site?: string | undefined
  readonly provider?: string | undefined
  readonly pool?: string | undefined
  /** Only these lines. The numbers by lane and by site stay those of all states. */
  readonly state?: "ready" | "line" | "deferred" | "scheduled" | "in flight" | "held" | "contained" | undefined
}

export interface InstallationQueueGetOutput {
  /** By lane and state. */
  readonly data: readonly ({
    readonly lane: "critical" | "transactional" | "bulk" | "internal"
    /** `ready`, `line` (its site takes no more at the moment), `deferred`, `scheduled`, `in flight`, `held`, or `contained` where it may not leave. */
    readonly state: string
    readonly recipients: number
    readonly oldestDue: string | null
  })[]
  /** By lane and site, the longest first; at most 100. */
  readonly sites: readonly ({
    readonly lane: "critical" | "transactional" | "bulk" | "internal"
    /** Null: nothing has gone there yet. */
    readonly site: string | null
    readonly provider: string | null
    readonly recipients: number
    readonly oldestDue: string | null
  })[]
  /** By lane, site, pool, state and holder, the longest first; at most 100. */
  readonly lines: readonly QueueLine[]
  /** What is in no line above, because there are more than 100. */
  readonly rest: {
    readonly lines: number
    readonly recipients: number
  }
  /** False: the queue is too long to count at once, and every number is the least that it can be. */
  readonly complete: boolean
  /** By lane and workspace, the longest first; at most 100. */
  readonly workspaces: readonly ({
    readonly lane: "critical" | "transactional" | "bulk" | "internal"
    readonly workspaceId: string
    readonly recipients: number
    readonly oldestDue: string | null
  })[]
}

export interface InstallationQueueActsPreviewInput {
  /** Only the mail of this workspace. */
  readonly workspaceId?: string | undefined
  /** `pause`: nothing of this leaves, also what comes later. `hold`: what waits now is held. `release`: ends holds. `requeue`: deferred mail is due now. `expire`: mail ends. */
  readonly act: "pause" | "hold" | "release" | "requeue" | "expire"
  /** What it is about; empty: everything that waits. Default: {}. */
  readonly filter?: {
    readonly lanes?: readonly ("critical" | "transactional" | "bulk" | "internal")[] | undefined
    /** Sites as `queue.get` shows them: what a set of MX hosts is called. */
    readonly sites?: readonly string[] | undefined
    /** Providers of the shaping rules, such as google. */
    readonly providers?: readonly string[] | undefined
    /** Domains of recipients. They are kept as a keyed hash. */
    readonly domains?: readonly string[] | undefined
    /** Pools given to lanes of workspaces; where none was given, `default`. */
    readonly pools?: readonly string[] | undefined
    /** Tags of messages. */
    readonly tags?: readonly string[] | undefined
    /** Sending domains. */
    readonly fromDomains?: readonly string[] | undefined
    /** Messages, msg_…. */
    readonly messages?: readonly string[] | undefined
    readonly attemptsAtLeast?: number | undefined
    readonly attemptsAtMost?: number | undefined
    readonly acceptedBefore?: string | undefined
    readonly acceptedAfter?: string | undefined
    readonly dueBefore?: string | undefined
    readonly dueAfter?: string | undefined
    /** What the other side said last: a code (421), an enhanced code (4.7.1) or the beginning of one (4.7). */
    readonly replies?: readonly string[] | undefined
    /** The class of the last refusal. */
    readonly replyClasses?: readonly ("recipient" | "mailbox" | "policy" | "reputation" | "content" | "infrastructure" | "protocol")[] | undefined
  } | undefined
  /** Of a pause: when it ends by itself. */
  readonly until?: string | undefined
  /** Of expire: how long it can be undone. Default 600; 0: not at all. */
  readonly graceSeconds?: number | undefined
  /** Of requeue: over how long the mail becomes due, so that no site is flooded. Default 60. */
  readonly spreadSeconds?: number | undefined
}

export interface InstallationQueueActsCreateInput {
  /** Only the mail of this workspace. */
  readonly workspaceId?: string | undefined
  /** Of the preview, unchanged. */
  readonly token: string
  /** How many recipients the preview showed. */
  readonly expected: number
  /** Why. Whose mail it is reads it. */
  readonly reason: string
}

export interface InstallationQueueActsListInput {
  /** Only the mail of this workspace. */
  readonly workspaceId?: string | undefined
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  /** `open`: only those that have not ended. Default: "all". */
  readonly state?: "open" | "all" | undefined
}

export interface InstallationQueueActsUndoInput {
  /** Why it is taken back. */
  readonly reason: string
}

export interface InstallationLedgerGetOutput {
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
  /** The instant of which all of the numbers are. */
  readonly countedAt: string
}

export interface QuotasSetInput {
  /** All of them: those that are left out end. Empty: none. What was counted stays counted. */
  readonly limits: readonly ({
    /** all: every lane that has no limit of its own for this period. Default: "all". */
    readonly lane?: "all" | "critical" | "transactional" | "bulk" | "internal" | undefined
    /** minute and hour refill all the time; day and month (UTC) start anew. */
    readonly period: "minute" | "hour" | "day" | "month"
    /** Recipients. */
    readonly amount: number
    /** Of minute and hour: how many at once; without it as many as amount. */
    readonly burst?: number | undefined
  })[]
}

export interface QuotasSetForWorkspaceInput {
  /** All of them: those that are left out end. Empty: none. What was counted stays counted. */
  readonly limits: readonly ({
    /** all: every lane that has no limit of its own for this period. Default: "all". */
    readonly lane?: "all" | "critical" | "transactional" | "bulk" | "internal" | undefined
    /** minute and hour refill all the time; day and month (UTC) start anew. */
    readonly period: "minute" | "hour" | "day" | "month"
    /** Recipients. */
    readonly amount: number
    /** Of minute and hour: how many at once; without it as many as amount. */
    readonly burst?: number | undefined
  })[]
}

export interface QuotasSetForApiKeyInput {
  /** All of them: those that are left out end. Empty: none. What was counted stays counted. */
  readonly limits: readonly ({
    /** all: every lane that has no limit of its own for this period. Default: "all". */
    readonly lane?: "all" | "critical" | "transactional" | "bulk" | "internal" | undefined
    /** minute and hour refill all the time; day and month (UTC) start anew. */
    readonly period: "minute" | "hour" | "day" | "month"
    /** Recipients. */
    readonly amount: number
    /** Of minute and hour: how many at once; without it as many as amount. */
    readonly burst?: number | undefined
  })[]
}

export interface QuotasSetForSmtpCredentialInput {
  /** All of them: those that are left out end. Empty: none. What was counted stays counted. */
  readonly limits: readonly ({
    /** all: every lane that has no limit of its own for this period. Default: "all". */
    readonly lane?: "all" | "critical" | "transactional" | "bulk" | "internal" | undefined
    /** minute and hour refill all the time; day and month (UTC) start anew. */
    readonly period: "minute" | "hour" | "day" | "month"
    /** Recipients. */
    readonly amount: number
    /** Of minute and hour: how many at once; without it as many as amount. */
    readonly burst?: number | undefined
  })[]
}

export interface StatisticsGetInput {
  /** Default: a day before until. The bucket that it lies in is whole. */
  readonly since?: string | undefined
  /** Default: now. */
  readonly until?: string | undefined
  /** How long a bucket is; quarter: of an hour. Kept: minutes 3 days, quarters 15, hours 100, days 5 years. auto: the finest with at most 200 points. Default: "auto". */
  readonly step?: "minute" | "quarter" | "hour" | "day" | "auto" | undefined
  /** What series are made of: provider is where mail goes, source where it leaves from, route lane and provider together. Default: "none". */
  readonly by?: "none" | "lane" | "provider" | "source" | "route" | undefined
  readonly lane?: "critical" | "transactional" | "bulk" | "internal" | undefined
  /** Only what went there. */
  readonly provider?: string | undefined
}

export interface InstallationStatisticsGetInput {
  /** Default: a day before until. The bucket that it lies in is whole. */
  readonly since?: string | undefined
  /** Default: now. */
  readonly until?: string | undefined
  /** How long a bucket is; quarter: of an hour. Kept: minutes 3 days, quarters 15, hours 100, days 5 years. auto: the finest with at most 200 points. Default: "auto". */
  readonly step?: "minute" | "quarter" | "hour" | "day" | "auto" | undefined
  /** What series are made of: provider is where mail goes, source where it leaves from, route lane and provider together. Default: "none". */
  readonly by?: "none" | "lane" | "provider" | "source" | "route" | undefined
  readonly lane?: "critical" | "transactional" | "bulk" | "internal" | undefined
  /** Only what went there. */
  readonly provider?: string | undefined
}

export interface TagsListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  /** Only those that begin with it. */
  readonly begins?: string | undefined
}

export interface TagsListOutput {
  readonly data: readonly TagInUse[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface TagsStatisticsInput {
  /** Repeat the parameter for several. */
  readonly tag: string | readonly string[]
  /** The first day, UTC. Default 30 days; at most 400 days. */
  readonly since?: string | undefined
  /** The last day, UTC. Default today. */
  readonly until?: string | undefined
}

export interface AlertsListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  /** `open`: only those that nobody has acknowledged. Default: "all". */
  readonly state?: "open" | "all" | undefined
  /** Only those of this severity. */
  readonly severity?: "medium" | "high" | "critical" | undefined
}

export interface AlertsListOutput {
  readonly data: readonly Alert[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface AlertsAcknowledgeInput {
  /** What others shall know: whether it was you, who looks after it. No personal data. */
  readonly note?: string | undefined
}

export interface AlertsListInstallationInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  /** `open`: only those that nobody has acknowledged. Default: "all". */
  readonly state?: "open" | "all" | undefined
  /** Only those of this severity. */
  readonly severity?: "medium" | "high" | "critical" | undefined
}

export interface AlertsAcknowledgeInstallationInput {
  /** What others shall know: whether it was you, who looks after it. No personal data. */
  readonly note?: string | undefined
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
  readonly session: FirstRunCompleteOutput | null
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
  readonly session: FirstRunCompleteOutput | null
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
  'firstRun.complete': {
    transport: ["cookie","token"],
  },
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
    scopes: ["messages:send","messages:read","messages:write","domains:read","domains:write","senders:read","senders:write","suppressions:read","suppressions:write","contacts:read","contacts:write","broadcasts:read","broadcasts:write","broadcasts:send","templates:read","templates:write","webhooks:read","webhooks:write","api-keys:read","api-keys:write","smtp-credentials:read","smtp-credentials:write","credentials:kill","containments:read","containments:write","audit:read","inbox:read","inbox:write","workspace:read","operations:read","alerts:read","alerts:write","members:read","members:write","policies:read","policies:write","federation:read","federation:write"],
  },
  'permissionSets.update': {
    scopes: ["messages:send","messages:read","messages:write","domains:read","domains:write","senders:read","senders:write","suppressions:read","suppressions:write","contacts:read","contacts:write","broadcasts:read","broadcasts:write","broadcasts:send","templates:read","templates:write","webhooks:read","webhooks:write","api-keys:read","api-keys:write","smtp-credentials:read","smtp-credentials:write","credentials:kill","containments:read","containments:write","audit:read","inbox:read","inbox:write","workspace:read","operations:read","alerts:read","alerts:write","members:read","members:write","policies:read","policies:write","federation:read","federation:write"],
  },
  'invitations.create': {
    role: ["owner","admin","developer","marketer","analyst","auditor"],
  },
  'policies.preview': {
    secondFactor: ["optional","required","passkey"],
  },
  'policies.change': {
    secondFactor: ["optional","required","passkey"],
  },
  'sso.finish': {
    transport: ["cookie","token"],
  },
  'messages.send': {
    bypass: ["unsubscribe","topic","hard_bounce","complaint","manual"],
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
  'messages.outcomes': {
    state: ["bounced","expired","suppressed","cancelled","uncertain"],
    dismissed: ["true","false"],
  },
  'domains.update': {
    tls: ["opportunistic","required"],
  },
  'tracking.update': {
    opens: ["off","on","never"],
    clicks: ["off","on","never"],
  },
  'shaping.listOverlays': {
    ended: ["true","false"],
  },
  'routing.set': {
    lanes: ["critical","transactional","bulk","internal"],
  },
  'routing.clear': {
    lane: ["critical","transactional","bulk","internal"],
  },
  'templates.create': {
    dialect: ["liquid","sendgrid-handlebars","sendgrid-legacy","mandrill-handlebars","merge-tags","resend"],
  },
  'templates.list': {
    deleted: ["true","false"],
  },
  'templates.preview': {
    dialect: ["liquid","sendgrid-handlebars","sendgrid-legacy","mandrill-handlebars","merge-tags","resend"],
  },
  'templates.createVersion': {
    dialect: ["liquid","sendgrid-handlebars","sendgrid-legacy","mandrill-handlebars","merge-tags","resend"],
  },
  'templates.listVersions': {
    latest: ["true","false"],
  },
  'templates.updateVersion': {
    dialect: ["liquid","sendgrid-handlebars","sendgrid-legacy","mandrill-handlebars","merge-tags","resend"],
  },
  'suppressions.add': {
    reason: ["hard_bounce","complaint","unsubscribe","manual"],
    scope: ["all","bulk"],
  },
  'suppressions.list': {
    reason: ["hard_bounce","complaint","unsubscribe","manual"],
    scope: ["all","bulk"],
    unroutable: ["true","false"],
  },
  'suppressions.export': {
    reason: ["hard_bounce","complaint","unsubscribe","manual"],
    scope: ["all","bulk"],
    unroutable: ["true","false"],
  },
  'suppressions.update': {
    scope: ["all","bulk"],
  },
  'suppressions.withdraw': {
    reason: ["hard_bounce","complaint","unsubscribe","manual"],
  },
  'suppressionImports.start': {
    format: ["csv","jsonl"],
    reason: ["hard_bounce","complaint","unsubscribe","manual"],
    scope: ["all","bulk"],
    columns: ["email","reason","scope","note","expiresAt","ignored"],
  },
  'batches.update': {
    state: ["active","paused","cancelled"],
  },
  'subaccounts.update': {
    state: ["active","paused"],
  },
  'contacts.list': {
    unsubscribed: ["true","false"],
  },
  'broadcasts.create': {
    dialect: ["liquid","sendgrid-handlebars","sendgrid-legacy","mandrill-handlebars","merge-tags","resend"],
  },
  'broadcasts.list': {
    state: ["draft","scheduled","queued","sending","sent","cancelled","failed"],
  },
  'broadcasts.update': {
    dialect: ["liquid","sendgrid-handlebars","sendgrid-legacy","mandrill-handlebars","merge-tags","resend"],
  },
  'broadcasts.listRecipients': {
    state: ["pending","sent","skipped","suppressed","failed","cancelled"],
  },
  'bounces.list': {
    kind: ["bounce","notice","complaint","auto_reply","challenge","receipt","other","mail"],
  },
  'quarantine.list': {
    kind: ["bounce","notice","complaint","auto_reply","challenge","receipt","other","mail"],
  },
  'webhooks.create': {
    eventTypes: ["message.accepted","message.delivered","message.deferred","message.bounced","message.expired","message.suppressed","message.cancelled","message.uncertain","message.held","message.released","message.returned","message.complained","message.opened","message.clicked","message.unsubscribed","message.resent","containment.changed","audit.recorded","security.alert"],
    format: ["bulkhead","sendgrid","mandrill","resend"],
  },
  'webhooks.update': {
    eventTypes: ["message.accepted","message.delivered","message.deferred","message.bounced","message.expired","message.suppressed","message.cancelled","message.uncertain","message.held","message.released","message.returned","message.complained","message.opened","message.clicked","message.unsubscribed","message.resent","containment.changed","audit.recorded","security.alert"],
    format: ["bulkhead","sendgrid","mandrill","resend"],
    state: ["enabled","disabled"],
  },
  'webhooks.statistics': {
    period: ["24h","7d"],
  },
  'webhooks.deliveries': {
    order: ["oldest","newest"],
    state: ["pending","delivered","failed"],
    type: ["message.accepted","message.delivered","message.deferred","message.bounced","message.expired","message.suppressed","message.cancelled","message.uncertain","message.held","message.released","message.returned","message.complained","message.opened","message.clicked","message.unsubscribed","message.resent","containment.changed","audit.recorded","security.alert","webhook.test","webhook.check"],
  },
  'inboundRoutes.mail': {
    state: ["pending","delivered","failed","expired"],
  },
  'apiKeys.create': {
    scopes: ["messages:send","messages:read","messages:write","domains:read","domains:write","senders:read","senders:write","suppressions:read","suppressions:write","contacts:read","contacts:write","broadcasts:read","broadcasts:write","broadcasts:send","templates:read","templates:write","webhooks:read","webhooks:write","api-keys:read","api-keys:write","smtp-credentials:read","smtp-credentials:write","credentials:kill","containments:read","containments:write","audit:read","inbox:read","inbox:write","workspace:read","operations:read","alerts:read","alerts:write"],
    onLeak: ["by_scope","revoke","tighten"],
    door: ["sendgrid","resend","mandrill"],
  },
  'apiKeys.list': {
    door: ["sendgrid","resend","mandrill"],
    live: ["true","false"],
  },
  'apiKeys.uses': {
    door: ["sendgrid","resend","mandrill"],
  },
  'apiKeys.update': {
    scopes: ["messages:send","messages:read","messages:write","domains:read","domains:write","senders:read","senders:write","suppressions:read","suppressions:write","contacts:read","contacts:write","broadcasts:read","broadcasts:write","broadcasts:send","templates:read","templates:write","webhooks:read","webhooks:write","api-keys:read","api-keys:write","smtp-credentials:read","smtp-credentials:write","credentials:kill","containments:read","containments:write","audit:read","inbox:read","inbox:write","workspace:read","operations:read","alerts:read","alerts:write"],
  },
  'doorNetworks.list': {
    door: ["sendgrid","resend","mandrill"],
  },
  'doorNetworks.add': {
    door: ["sendgrid","resend","mandrill"],
  },
  'doorNetworks.remove': {
    door: ["sendgrid","resend","mandrill"],
  },
  'federationRules.create': {
    scopes: ["messages:send","messages:read","messages:write","domains:read","domains:write","senders:read","senders:write","suppressions:read","suppressions:write","contacts:read","contacts:write","broadcasts:read","broadcasts:write","broadcasts:send","templates:read","templates:write","webhooks:read","webhooks:write","api-keys:read","api-keys:write","smtp-credentials:read","smtp-credentials:write","credentials:kill","containments:read","containments:write","audit:read","inbox:read","inbox:write","workspace:read","operations:read","alerts:read","alerts:write"],
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
  'queue.get': {
    lane: ["critical","transactional","bulk","internal"],
    state: ["ready","line","deferred","scheduled","in flight","held","contained"],
  },
  'queueActs.preview': {
    act: ["pause","hold","release","requeue","expire"],
  },
  'queueActs.list': {
    state: ["open","all"],
  },
  'installationQueue.get': {
    lane: ["critical","transactional","bulk","internal"],
    state: ["ready","line","deferred","scheduled","in flight","held","contained"],
  },
  'installationQueueActs.preview': {
    act: ["pause","hold","release","requeue","expire"],
  },
  'installationQueueActs.list': {
    state: ["open","all"],
  },
  'statistics.get': {
    step: ["minute","quarter","hour","day","auto"],
    by: ["none","lane","provider","source","route"],
    lane: ["critical","transactional","bulk","internal"],
  },
  'installationStatistics.get': {
    step: ["minute","quarter","hour","day","auto"],
    by: ["none","lane","provider","source","route"],
    lane: ["critical","transactional","bulk","internal"],
  },
  'alerts.list': {
    state: ["open","all"],
    severity: ["medium","high","critical"],
  },
  'alerts.listInstallation': {
    state: ["open","all"],
    severity: ["medium","high","critical"],
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
    access: {
      /** Show what you may do here, and what binds you. Scope: known. */
      get: (options?: CallOptions) =>
        transport.json<AccessGetOutput>({ method: 'GET', path: '/v1/access' }, options),
    },
    firstRun: {
      /** Show whether this installation waits for its first owner. Only in development, and only until somebody has used the link that the start prints. Scope: public. */
      get: (options?: CallOptions) =>
        transport.json<FirstRunGetOutput>({ method: 'GET', path: '/v1/first-run' }, options),
      /** Become the first owner of a development installation. Takes what stands behind the # of the link that the start prints. It works once. The session that is answered can add a second factor and nothing else; without a password that must be a passkey. Scope: public. */
      complete: (input: FirstRunCompleteInput, options?: CallOptions) =>
        transport.json<FirstRunCompleteOutput>({ method: 'POST', path: '/v1/first-run/complete', json: input }, options),
    },
    account: {
      /** Sign up with an address. The answer is the same whoever has the address. A link is mailed to it; where it has an account already, its owner is told. Scope: public. */
      signUp: (input: AccountSignUpInput, options?: CallOptions) =>
        transport.json<AccountSignUpOutput>({ method: 'POST', path: '/v1/sign-up', json: input }, options),
      /** Make the account of an address that a link proves. Takes the token of a letter about signing up, or of an invitation. The session that is answered can add a second factor and nothing else. Without a password the first factor must be a passkey. workspaceName makes a workspace of which this person is the owner, where the installation is open. Scope: public. */
      completeSignUp: (input: AccountCompleteSignUpInput, options?: CallOptions) =>
        transport.json<FirstRunCompleteOutput>({ method: 'POST', path: '/v1/sign-up/complete', json: input }, options),
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
        transport.json<FirstRunCompleteOutput>({ method: 'POST', path: '/v1/recovery/complete', json: input }, options),
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
      /** Show what a change of the policy would do. Whose sessions would end and why, who could not come back, and whether the change would wait for another owner. It changes nothing. A network is compared with that of the log-in. Scope: policies:write. */
      preview: (input: PoliciesPreviewInput = {}, options?: CallOptions) =>
        transport.json<PoliciesPreviewOutput>({ method: 'POST', path: '/v1/workspace/policy/preview', json: input }, options),
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
      /** Send up to 1,000 messages. Each message has an outcome of its own: one that is refused does not touch the others. With atomic all are accepted or none. Scope: messages:send. */
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
      /** List recipients whom mail did not reach, and why. Of the newest messages first. Without since: of the last 90 days. Scope: messages:read. */
      outcomes: (input: MessagesOutcomesInput = {}, options?: CallOptions) =>
        transport.json<MessagesOutcomesOutput>({ method: 'GET', path: '/v1/outcomes', query: input }, options),
      /** Each item of `outcomes`, page after page. */
      outcomesAll: (input: Omit<MessagesOutcomesInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<Outcome>((cursor) => transport.json<MessagesOutcomesOutput>({ method: 'GET', path: '/v1/outcomes', query: { ...input, cursor } }, options)),
      /** Leave refusals up to now out of lists that ask for what was not dismissed. For people who have seen to them. The record of what became of mail stays, and GET /v1/outcomes shows it to whoever does not say dismissed=false. Scope: suppressions:write. */
      dismissOutcomes: (input: MessagesDismissOutcomesInput = {}, options?: CallOptions) =>
        transport.empty({ method: 'POST', path: '/v1/outcomes/dismiss', json: input }, options),
      /** Cancel the recipients that still wait. Scope: messages:send. */
      cancel: (messageId: string, options?: CallOptions) =>
        transport.json<MessagesCancelOutput>({ method: 'POST', path: `/v1/messages/${segment(messageId)}/cancel` }, options),
      /** Move the recipients that still wait to another time. Scope: messages:send. */
      reschedule: (messageId: string, input: MessagesRescheduleInput, options?: CallOptions) =>
        transport.json<MessagesRescheduleOutput>({ method: 'POST', path: `/v1/messages/${segment(messageId)}/reschedule`, json: input }, options),
      /** Show who would get a message again. Scope: messages:read. */
      previewResend: (messageId: string, options?: CallOptions) =>
        transport.json<ResendPreview>({ method: 'GET', path: `/v1/messages/${segment(messageId)}/resend` }, options),
      /** Send a message again, to those who did not get it or to those named. Makes a new message with the same content; suppressions, quotas and containments hold as for any. The key needs messages:read too. The old message names the new one in resentAs, the new one the old in resentFrom. Refused for sensitive messages, and where the content is no longer kept. Scope: messages:send. */
      resend: (messageId: string, input: MessagesResendInput = {}, options?: SendOptions) =>
        transport.json<AcceptedMessage>({ method: 'POST', path: `/v1/messages/${segment(messageId)}/resend`, json: input, idempotent: true }, options),
      /** Get the content of a message taken apart: HTML, text, header fields, attachments. As it was accepted, before it is signed. Refused for sensitive messages. Scope: messages:read. */
      getParts: (messageId: string, options?: CallOptions) =>
        transport.json<MessageParts>({ method: 'GET', path: `/v1/messages/${segment(messageId)}/parts` }, options),
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
      /** Change how a sending domain is used. What is left out stays. Scope: domains:write. */
      update: (domainId: string, input: DomainsUpdateInput = {}, options?: CallOptions) =>
        transport.json<Domain>({ method: 'PATCH', path: `/v1/domains/${segment(domainId)}`, json: input }, options),
      /** Check a domain's DNS records now. Says of every record what DNS answered and what to change. DNS that fails to answer changes nothing. Scope: domains:write. */
      verify: (domainId: string, options?: CallOptions) =>
        transport.json<Domain>({ method: 'POST', path: `/v1/domains/${segment(domainId)}/verify` }, options),
      /** Change a domain's DKIM keys. Makes new keys and answers the records to publish. As soon as DNS shows them, mail is signed with them; the old records stay for 7 days, then the old private keys are destroyed. In an emergency the standby key signs at once and the old private keys are destroyed after an hour. Scope: domains:write. */
      rotateDkim: (domainId: string, input: DomainsRotateDkimInput = {}, options?: CallOptions) =>
        transport.json<Domain>({ method: 'POST', path: `/v1/domains/${segment(domainId)}/rotate`, json: input }, options),
      /** Call off a change of DKIM keys that waits for DNS. The new keys are destroyed. What signs now goes on signing. Scope: domains:write. */
      cancelRotation: (domainId: string, options?: CallOptions) =>
        transport.json<Domain>({ method: 'POST', path: `/v1/domains/${segment(domainId)}/cancel-rotation` }, options),
      /** Remove a sending domain. Nothing more is accepted from it. Mail that waits is never sent unsigned: it stays until it expires, or goes when the domain is added again. Scope: domains:write. */
      delete: (domainId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/domains/${segment(domainId)}` }, options),
    },
    operations: {
      /** The delegation zone as zone-file lines. Needs the operator's key. Include the lines in the zone of BULKHEAD_DELEGATION_ZONE; where none is set, they stand under the host name of the installation, for domains that point there by choice. Scope: operations:read. */
      zone: (options?: CallOptions) =>
        transport.bytes({ method: 'GET', path: '/v1/zone' }, options),
    },
    tracking: {
      /** Show what is tracked. Scope: domains:read. */
      get: (options?: CallOptions) =>
        transport.json<TrackingSettings>({ method: 'GET', path: '/v1/tracking' }, options),
      /** Change what is tracked. Opens and clicks of new mail. Sensitive mail is never tracked; a message may ask otherwise unless the setting is never. Scope: domains:write. */
      update: (input: TrackingUpdateInput = {}, options?: CallOptions) =>
        transport.json<TrackingSettings>({ method: 'PATCH', path: '/v1/tracking', json: input }, options),
      /** Count opens and clicks of a message. By people, by proxies of mailbox providers, by scanners and unknown. Of a link that is fetched often, the first fetches are events too. Scope: messages:read. */
      message: (messageId: string, options?: CallOptions) =>
        transport.json<MessageTracking>({ method: 'GET', path: `/v1/messages/${segment(messageId)}/tracking` }, options),
    },
    linkDomains: {
      /** Add a link domain. A host of a sending domain, such as links.example.com, that tracked links and unsubscribe links of this workspace lead to. Answers the DNS record to publish; it is used once that is found and the domain is verified. Scope: domains:write. */
      add: (input: LinkDomainsAddInput, options?: CallOptions) =>
        transport.json<LinkDomain>({ method: 'POST', path: '/v1/link-domains', json: input }, options),
      /** List link domains, newest first. Scope: domains:read. */
      list: (input: LinkDomainsListInput = {}, options?: CallOptions) =>
        transport.json<LinkDomainsListOutput>({ method: 'GET', path: '/v1/link-domains', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<LinkDomainsListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<LinkDomain>((cursor) => transport.json<LinkDomainsListOutput>({ method: 'GET', path: '/v1/link-domains', query: { ...input, cursor } }, options)),
      /** Check a link domain's DNS record now. Says what DNS answered and what to change. DNS that fails to answer changes nothing. Scope: domains:write. */
      verify: (linkDomainId: string, options?: CallOptions) =>
        transport.json<LinkDomain>({ method: 'POST', path: `/v1/link-domains/${segment(linkDomainId)}/verify` }, options),
      /** Remove a link domain. Links of new mail lead elsewhere; those of mail that was sent work as long as its DNS leads here. Scope: domains:write. */
      delete: (linkDomainId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/link-domains/${segment(linkDomainId)}` }, options),
    },
    shaping: {
      /** What is wrong with a file of shaping rules; nothing is applied. Needs the operator's key. Without `text`: the file that BULKHEAD_SHAPING names, and whether it is in force. Scope: shaping:read. */
      check: (input: ShapingCheckInput = {}, options?: CallOptions) =>
        transport.json<ShapingCheck>({ method: 'POST', path: '/v1/shaping/check', json: input }, options),
      /** The limits of mail to a domain, and which layer decided each. Needs the operator's key. Asks DNS for the domain's MX hosts, as a sender does that delivers to them directly. Scope: shaping:read. */
      resolve: (input: ShapingResolveInput, options?: CallOptions) =>
        transport.json<ShapingResolved>({ method: 'GET', path: '/v1/shaping/resolve', query: input }, options),
      /** Why the recipients of a message wait. For each recipient that waits: where it goes, the limits there and which layer decided them, what was learnt from replies, what is stopped, the last replies, and when it is tried next. Scope: messages:read. */
      explain: (messageId: string, options?: CallOptions) =>
        transport.json<ShapingExplained>({ method: 'GET', path: `/v1/messages/${segment(messageId)}/shaping` }, options),
      /** What was learnt from replies and is in force, with the replies. Needs the operator's key. Newest first, at most 1,000. Scope: shaping:read. */
      listOverlays: (input: ShapingListOverlaysInput = {}, options?: CallOptions) =>
        transport.json<ShapingListOverlaysOutput>({ method: 'GET', path: '/v1/shaping/overlays', query: input }, options),
      /** End what was learnt before its time. Needs the operator's key. Senders hear of it within two seconds. What led to it counts no more; new replies of the same kind make another. Scope: shaping:write. */
      liftOverlay: (overlayId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/shaping/overlays/${segment(overlayId)}` }, options),
    },
    sources: {
      /** Where mail leaves from: addresses, hosts, pauses and warm-ups. Needs the operator's key. As the senders of all hosts tell it: which host has the addresses of which source, what rests and why, and what is used of today's warm-up numbers at each provider. At most 1,000. Scope: sources:read. */
      list: (options?: CallOptions) =>
        transport.json<SourcesListOutput>({ method: 'GET', path: '/v1/sources' }, options),
      /** Let a source rest, everywhere or at one provider. Needs the operator's key. Mail leaves from the other sources of the pool, or waits. Senders hear of it within two seconds; transactions that have begun end. A warm-up goes on at the step where it was. Scope: sources:write. */
      pause: (source: string, input: SourcesPauseInput, options?: CallOptions) =>
        transport.json<SourcesPauseOutput>({ method: 'POST', path: `/v1/sources/${segment(source)}/pause`, json: input }, options),
      /** End the rest of a source. Needs the operator's key. Ends pauses of operators and automatic ones. After an automatic one the warm-up goes on one day's step before. Scope: sources:write. */
      resume: (source: string, input: SourcesResumeInput = {}, options?: CallOptions) =>
        transport.json<SourcesPauseOutput>({ method: 'POST', path: `/v1/sources/${segment(source)}/resume`, json: input }, options),
    },
    routing: {
      /** Which workspaces have a pool of their own, by lane. Needs the operator's key. Lanes without a line use the pool that the shaping file gives the lane, or `default`. At most 10,000. Scope: sources:read. */
      list: (input: RoutingListInput = {}, options?: CallOptions) =>
        transport.json<RoutingListOutput>({ method: 'GET', path: '/v1/routing', query: input }, options),
      /** Give lanes of a workspace a pool of their own. Needs the operator's key. Holds for what is sent from now on, also for mail that waits already. A pool that no host's file has is kept, and the pool of the lane is used until one has: `known` says so. Scope: sources:write. */
      set: (workspaceId: string, input: RoutingSetInput, options?: CallOptions) =>
        transport.json<RoutingSetOutput>({ method: 'PUT', path: `/v1/routing/${segment(workspaceId)}`, json: input }, options),
      /** Let lanes of a workspace use the common pool again. Needs the operator's key. Scope: sources:write. */
      clear: (workspaceId: string, input: RoutingClearInput = {}, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/routing/${segment(workspaceId)}`, query: input }, options),
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
    templates: {
      /** Create a template. Its first version is a draft: publish it, then messages can name the template. Scope: templates:write. */
      create: (input: TemplatesCreateInput, options?: CallOptions) =>
        transport.json<TemplateDetail>({ method: 'POST', path: '/v1/templates', json: input }, options),
      /** List templates, newest first. Scope: templates:read. */
      list: (input: TemplatesListInput = {}, options?: CallOptions) =>
        transport.json<TemplatesListOutput>({ method: 'GET', path: '/v1/templates', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<TemplatesListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<Template>((cursor) => transport.json<TemplatesListOutput>({ method: 'GET', path: '/v1/templates', query: { ...input, cursor } }, options)),
      /** Render a template with data. What it answers is what a message of it says, byte for byte, before links are tracked. Give templateId, or what is to be rendered. Problems of the template are no failure of this call: they are listed. Nothing is stored. Scope: templates:read. */
      preview: (input: TemplatesPreviewInput = {}, options?: CallOptions) =>
        transport.json<TemplatePreview>({ method: 'POST', path: '/v1/templates/preview', json: input }, options),
      /** Show a template with its active version. Scope: templates:read. */
      get: (templateId: string, options?: CallOptions) =>
        transport.json<TemplateDetail>({ method: 'GET', path: `/v1/templates/${segment(templateId)}` }, options),
      /** Change the name or the alias of a template. What a version says is changed by a new version. Scope: templates:write. */
      update: (templateId: string, input: TemplatesUpdateInput = {}, options?: CallOptions) =>
        transport.json<Template>({ method: 'PATCH', path: `/v1/templates/${segment(templateId)}`, json: input }, options),
      /** Delete a template. Messages can name it no more; its alias is free at once. It can be restored for 30 days, then it is erased. What was sent stays as it is. Scope: templates:write. */
      delete: (templateId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/templates/${segment(templateId)}` }, options),
      /** Bring a deleted template back. With all its versions, and the active one active. Its alias comes back unless another has it now. Scope: templates:write. */
      restore: (templateId: string, options?: CallOptions) =>
        transport.json<Template>({ method: 'POST', path: `/v1/templates/${segment(templateId)}/restore` }, options),
      /** Copy a template. The copy has one version: a draft with what the active version says, or the newest where none is active. Scope: templates:write. */
      duplicate: (templateId: string, input: TemplatesDuplicateInput = {}, options?: CallOptions) =>
        transport.json<TemplateDetail>({ method: 'POST', path: `/v1/templates/${segment(templateId)}/duplicate`, json: input }, options),
      /** Add a version to a template. A draft: nothing is sent with it until it is published. Scope: templates:write. */
      createVersion: (templateId: string, input: TemplatesCreateVersionInput, options?: CallOptions) =>
        transport.json<TemplateVersion>({ method: 'POST', path: `/v1/templates/${segment(templateId)}/versions`, json: input }, options),
      /** List the versions of a template, newest first. Scope: templates:read. */
      listVersions: (templateId: string, input: TemplatesListVersionsInput = {}, options?: CallOptions) =>
        transport.json<TemplatesListVersionsOutput>({ method: 'GET', path: `/v1/templates/${segment(templateId)}/versions`, query: input }, options),
      /** Each item of `listVersions`, page after page. */
      listVersionsAll: (templateId: string, input: Omit<TemplatesListVersionsInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<TemplateVersionSummary>((cursor) => transport.json<TemplatesListVersionsOutput>({ method: 'GET', path: `/v1/templates/${segment(templateId)}/versions`, query: { ...input, cursor } }, options)),
      /** Show a version of a template. Scope: templates:read. */
      getVersion: (templateId: string, version: number, options?: CallOptions) =>
        transport.json<TemplateVersion>({ method: 'GET', path: `/v1/templates/${segment(templateId)}/versions/${segment(version)}` }, options),
      /** Change a draft. What is left out stays. A version that was published once is never changed: add a new one. Scope: templates:write. */
      updateVersion: (templateId: string, version: number, input: TemplatesUpdateVersionInput = {}, options?: CallOptions) =>
        transport.json<TemplateVersion>({ method: 'PATCH', path: `/v1/templates/${segment(templateId)}/versions/${segment(version)}`, json: input }, options),
      /** Delete a version. A draft is erased; the only version of a template stays. What was published is put away, with the versions whose place it took: nothing is sent with it any more, no list has it, and it can still be read by its number, because mail said it. Scope: templates:write. */
      deleteVersion: (templateId: string, version: number, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/templates/${segment(templateId)}/versions/${segment(version)}` }, options),
      /** Make a version the active one. Messages that name no version are rendered from it at once. Publishing an older version takes a template back. A version with errors is refused. Scope: templates:write. */
      publish: (templateId: string, version: number, options?: CallOptions) =>
        transport.json<TemplateDetail>({ method: 'POST', path: `/v1/templates/${segment(templateId)}/versions/${segment(version)}/publish` }, options),
    },
    suppressions: {
      /** Suppress an address. Nothing more is sent to it by this workspace; with the scope bulk, no bulk mail. Of an address that is listed already the entry stays, unless the new one stops more. Scope: suppressions:write. */
      add: (input: SuppressionsAddInput, options?: CallOptions) =>
        transport.json<Suppression>({ method: 'POST', path: '/v1/suppressions', json: input }, options),
      /** List suppressed addresses, newest first. Scope: suppressions:read. */
      list: (input: SuppressionsListInput = {}, options?: CallOptions) =>
        transport.json<SuppressionsListOutput>({ method: 'GET', path: '/v1/suppressions', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<SuppressionsListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<Suppression>((cursor) => transport.json<SuppressionsListOutput>({ method: 'GET', path: '/v1/suppressions', query: { ...input, cursor } }, options)),
      /** Explain why an address gets no mail. Why, with the evidence and the message; which mail it does not get, until when, and what to do. Scope: suppressions:read. */
      explain: (input: SuppressionsExplainInput, options?: CallOptions) =>
        transport.json<SuppressionExplanation>({ method: 'GET', path: '/v1/suppressions/explain', query: input }, options),
      /** Export suppressed addresses, newest first. JSON lines that can be imported again, and a last line of type end: more follows where its next is not null. Entries whose address is erased are left out, and counted. Scope: suppressions:read. */
      export: (input: SuppressionsExportInput = {}, options?: CallOptions) =>
        transport.bytes({ method: 'GET', path: '/v1/suppressions/export', query: input }, options),
      /** Show one suppressed address, with its evidence. Scope: suppressions:read. */
      get: (suppressionId: string, options?: CallOptions) =>
        transport.json<Suppression>({ method: 'GET', path: `/v1/suppressions/${segment(suppressionId)}` }, options),
      /** Change what a suppression stops, when it ends, or its note. What is left out stays as it is; null takes the note or the end away. Scope: suppressions:write. */
      update: (suppressionId: string, input: SuppressionsUpdateInput = {}, options?: CallOptions) =>
        transport.json<Suppression>({ method: 'PATCH', path: `/v1/suppressions/${segment(suppressionId)}`, json: input }, options),
      /** Lift a suppression. Mail is sent to the address again; a new hard bounce suppresses it again. Scope: suppressions:write. */
      delete: (suppressionId: string, input: SuppressionsDeleteInput = {}, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/suppressions/${segment(suppressionId)}`, query: input }, options),
      /** Lift the suppression of an address. Scope: suppressions:write. */
      deleteByEmail: (input: SuppressionsDeleteByEmailInput, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: '/v1/suppressions', query: input }, options),
      /** Take one reason for suppressing back, of some addresses or of all. Where it was the only reason mail goes to the address again; where there are others they go on to stop it. At most 1,000 addresses in one call: repeat while hasMore. Scope: suppressions:write. */
      withdraw: (input: SuppressionsWithdrawInput, options?: CallOptions) =>
        transport.json<SuppressionsWithdrawOutput>({ method: 'POST', path: '/v1/suppressions/withdraw', json: input }, options),
    },
    suppressionExemptions: {
      /** Keep an address from being suppressed by hard bounces. What bounces and people of the workspace had written down of it is taken back. Complaints and unsubscribes count all the same. Scope: suppressions:write. */
      add: (input: SuppressionExemptionsAddInput, options?: CallOptions) =>
        transport.json<SuppressionExemption>({ method: 'POST', path: '/v1/suppression-exemptions', json: input }, options),
      /** List addresses that hard bounces do not suppress, newest first. Scope: suppressions:read. */
      list: (input: SuppressionExemptionsListInput = {}, options?: CallOptions) =>
        transport.json<SuppressionExemptionsListOutput>({ method: 'GET', path: '/v1/suppression-exemptions', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<SuppressionExemptionsListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<SuppressionExemption>((cursor) => transport.json<SuppressionExemptionsListOutput>({ method: 'GET', path: '/v1/suppression-exemptions', query: { ...input, cursor } }, options)),
      /** Let hard bounces suppress an address again. Scope: suppressions:write. */
      delete: (input: SuppressionExemptionsDeleteInput, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: '/v1/suppression-exemptions', query: input }, options),
    },
    suppressionImports: {
      /** Start an import of suppressions. Then send the lines, part by part. An import that broke off goes on where it was. With dryRun nothing is suppressed and all is counted. Scope: suppressions:write. */
      start: (input: SuppressionImportsStartInput, options?: CallOptions) =>
        transport.json<SuppressionImport>({ method: 'POST', path: '/v1/suppression-imports', json: input }, options),
      /** Send the next lines of an import. At most 1,048,576 characters and 5,000 entries are taken at a time, in one transaction. What is behind charsTaken is sent again with the next part, from import.nextLine. A line that cannot be taken is refused, with its number; the rest goes on. Scope: suppressions:write. */
      addLines: (importId: string, input: SuppressionImportsAddLinesInput, options?: CallOptions) =>
        transport.json<SuppressionImportsAddLinesOutput>({ method: 'POST', path: `/v1/suppression-imports/${segment(importId)}/lines`, json: input }, options),
      /** List imports of suppressions, newest first. Scope: suppressions:read. */
      list: (input: SuppressionImportsListInput = {}, options?: CallOptions) =>
        transport.json<SuppressionImportsListOutput>({ method: 'GET', path: '/v1/suppression-imports', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<SuppressionImportsListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<SuppressionImport>((cursor) => transport.json<SuppressionImportsListOutput>({ method: 'GET', path: '/v1/suppression-imports', query: { ...input, cursor } }, options)),
      /** Show how far an import is. Scope: suppressions:read. */
      get: (importId: string, options?: CallOptions) =>
        transport.json<SuppressionImport>({ method: 'GET', path: `/v1/suppression-imports/${segment(importId)}` }, options),
      /** List the lines that an import refused. The first 10,000, by line, each with what is wrong. Scope: suppressions:read. */
      listRefusals: (importId: string, input: SuppressionImportsListRefusalsInput = {}, options?: CallOptions) =>
        transport.json<SuppressionImportsListRefusalsOutput>({ method: 'GET', path: `/v1/suppression-imports/${segment(importId)}/refusals`, query: input }, options),
      /** Each item of `listRefusals`, page after page. */
      listRefusalsAll: (importId: string, input: Omit<SuppressionImportsListRefusalsInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<SuppressionImportRefusal>((cursor) => transport.json<SuppressionImportsListRefusalsOutput>({ method: 'GET', path: `/v1/suppression-imports/${segment(importId)}/refusals`, query: { ...input, cursor } }, options)),
      /** Cancel an import. It takes no more lines. What it has suppressed stays suppressed. Scope: suppressions:write. */
      cancel: (importId: string, options?: CallOptions) =>
        transport.json<SuppressionImport>({ method: 'POST', path: `/v1/suppression-imports/${segment(importId)}/cancel` }, options),
    },
    topics: {
      /** Make a topic. Messages name it; who unsubscribes from one of them leaves the topic and keeps the others. Scope: suppressions:write. */
      create: (input: TopicsCreateInput, options?: CallOptions) =>
        transport.json<Topic>({ method: 'POST', path: '/v1/topics', json: input }, options),
      /** List topics, oldest first. Scope: suppressions:read. */
      list: (input: TopicsListInput = {}, options?: CallOptions) =>
        transport.json<TopicsListOutput>({ method: 'GET', path: '/v1/topics', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<TopicsListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<Topic>((cursor) => transport.json<TopicsListOutput>({ method: 'GET', path: '/v1/topics', query: { ...input, cursor } }, options)),
      /** List the topics and which of them an address has left. Scope: suppressions:read. */
      ofAddress: (input: TopicsOfAddressInput, options?: CallOptions) =>
        transport.json<TopicsOfAddressOutput>({ method: 'GET', path: '/v1/topics/of-address', query: input }, options),
      /** Show a topic. Scope: suppressions:read. */
      get: (topicId: string, options?: CallOptions) =>
        transport.json<Topic>({ method: 'GET', path: `/v1/topics/${segment(topicId)}` }, options),
      /** Change a topic. Scope: suppressions:write. */
      update: (topicId: string, input: TopicsUpdateInput = {}, options?: CallOptions) =>
        transport.json<Topic>({ method: 'PATCH', path: `/v1/topics/${segment(topicId)}`, json: input }, options),
      /** Remove a topic. Messages cannot name it any more, and its number is not used again. What still waits of it keeps to who has left it; who unsubscribes from now on gets no bulk mail at all. Scope: suppressions:write. */
      delete: (topicId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/topics/${segment(topicId)}` }, options),
    },
    topicSuppressions: {
      /** List who has left topics, newest first. Scope: suppressions:read. */
      list: (input: TopicSuppressionsListInput = {}, options?: CallOptions) =>
        transport.json<TopicSuppressionsListOutput>({ method: 'GET', path: '/v1/topic-suppressions', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<TopicSuppressionsListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<TopicSuppression>((cursor) => transport.json<TopicSuppressionsListOutput>({ method: 'GET', path: '/v1/topic-suppressions', query: { ...input, cursor } }, options)),
      /** Note that addresses have left a topic. Scope: suppressions:write. */
      add: (topicId: string, input: TopicSuppressionsAddInput, options?: CallOptions) =>
        transport.json<TopicSuppressionsAddOutput>({ method: 'POST', path: `/v1/topics/${segment(topicId)}/suppressions`, json: input }, options),
      /** Tell which of some addresses have left a topic. Scope: suppressions:read. */
      search: (topicId: string, input: TopicSuppressionsSearchInput, options?: CallOptions) =>
        transport.json<TopicSuppressionsSearchOutput>({ method: 'POST', path: `/v1/topics/${segment(topicId)}/suppressions/search`, json: input }, options),
      /** Let an address get mail of a topic again. Scope: suppressions:write. */
      remove: (topicId: string, input: TopicSuppressionsRemoveInput, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/topics/${segment(topicId)}/suppressions`, query: input }, options),
    },
    batches: {
      /** Make a batch. Messages name it for ten days; then they are paused or cancelled together by it. Scope: messages:send. */
      create: (options?: CallOptions) =>
        transport.json<Batch>({ method: 'POST', path: '/v1/batches' }, options),
      /** List the batches that are paused or cancelled, newest first. Scope: messages:read. */
      list: (input: BatchesListInput = {}, options?: CallOptions) =>
        transport.json<BatchesListOutput>({ method: 'GET', path: '/v1/batches', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<BatchesListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<Batch>((cursor) => transport.json<BatchesListOutput>({ method: 'GET', path: '/v1/batches', query: { ...input, cursor } }, options)),
      /** Show a batch. Scope: messages:read. */
      get: (batchId: string, options?: CallOptions) =>
        transport.json<Batch>({ method: 'GET', path: `/v1/batches/${segment(batchId)}` }, options),
      /** Pause, cancel or release the messages of a batch. paused: what is due waits. cancelled: what is due is cancelled, and until then this can be taken back. active: what waits goes when it is due. It holds for messages that name the batch later too. At most 100 batches are paused or cancelled at a time. Scope: messages:write. */
      update: (batchId: string, input: BatchesUpdateInput, options?: CallOptions) =>
        transport.json<Batch>({ method: 'PATCH', path: `/v1/batches/${segment(batchId)}`, json: input }, options),
    },
    subaccounts: {
      /** Make a subaccount. Scope: messages:write. */
      create: (input: SubaccountsCreateInput, options?: CallOptions) =>
        transport.json<Subaccount>({ method: 'POST', path: '/v1/subaccounts', json: input }, options),
      /** List subaccounts, oldest first. Scope: messages:read. */
      list: (input: SubaccountsListInput = {}, options?: CallOptions) =>
        transport.json<SubaccountsListOutput>({ method: 'GET', path: '/v1/subaccounts', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<SubaccountsListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<Subaccount>((cursor) => transport.json<SubaccountsListOutput>({ method: 'GET', path: '/v1/subaccounts', query: { ...input, cursor } }, options)),
      /** Show a subaccount and how much it has sent. Scope: messages:read. */
      get: (subaccountId: string, options?: CallOptions) =>
        transport.json<Subaccount>({ method: 'GET', path: `/v1/subaccounts/${segment(subaccountId)}` }, options),
      /** Change, pause or resume a subaccount. paused: its mail is accepted and waits, and goes when it is active again. At most 100 are paused at a time. Scope: messages:write. */
      update: (subaccountId: string, input: SubaccountsUpdateInput = {}, options?: CallOptions) =>
        transport.json<Subaccount>({ method: 'PATCH', path: `/v1/subaccounts/${segment(subaccountId)}`, json: input }, options),
      /** Remove a subaccount. Messages cannot name it any more. Mail that was accepted goes on; one that is paused is refused. Scope: messages:write. */
      delete: (subaccountId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/subaccounts/${segment(subaccountId)}` }, options),
    },
    contacts: {
      /** Add a contact. Somebody who unsubscribed before, also as a contact that was deleted, is unsubscribed from the start. Scope: contacts:write. */
      create: (input: ContactsCreateInput, options?: CallOptions) =>
        transport.json<Contact>({ method: 'POST', path: '/v1/contacts', json: input }, options),
      /** List contacts, newest first. Whoever reads more than 20,000 contacts in an hour is refused for a while, and the owners are told. Scope: contacts:read. */
      list: (input: ContactsListInput = {}, options?: CallOptions) =>
        transport.json<ContactsListOutput>({ method: 'GET', path: '/v1/contacts', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<ContactsListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<Contact>((cursor) => transport.json<ContactsListOutput>({ method: 'GET', path: '/v1/contacts', query: { ...input, cursor } }, options)),
      /** Count contacts. Scope: contacts:read. */
      count: (options?: CallOptions) =>
        transport.json<ContactCount>({ method: 'GET', path: '/v1/contacts/count' }, options),
      /** Show a contact. Scope: contacts:read. */
      get: (contactId: string, options?: CallOptions) =>
        transport.json<Contact>({ method: 'GET', path: `/v1/contacts/${segment(contactId)}` }, options),
      /** Change a contact. What is left out stays as it is; of attributes too. Null takes a name or an attribute away. Somebody who unsubscribed by a link or a mail is subscribed again only once that suppression is lifted. Scope: contacts:write. */
      update: (contactId: string, input: ContactsUpdateInput = {}, options?: CallOptions) =>
        transport.json<Contact>({ method: 'PATCH', path: `/v1/contacts/${segment(contactId)}`, json: input }, options),
      /** Delete a contact. If it was unsubscribed, its address stays on the suppression list for bulk mail. Scope: contacts:write. */
      delete: (contactId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/contacts/${segment(contactId)}` }, options),
    },
    lists: {
      /** Make a list of contacts. Scope: contacts:write. */
      create: (input: ListsCreateInput, options?: CallOptions) =>
        transport.json<ContactList>({ method: 'POST', path: '/v1/lists', json: input }, options),
      /** List the lists of contacts, newest first. The contacts on one: contacts.list with its id. Scope: contacts:read. */
      list: (input: ListsListInput = {}, options?: CallOptions) =>
        transport.json<ListsListOutput>({ method: 'GET', path: '/v1/lists', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<ListsListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<ContactList>((cursor) => transport.json<ListsListOutput>({ method: 'GET', path: '/v1/lists', query: { ...input, cursor } }, options)),
      /** Show a list and how many contacts are on it. Scope: contacts:read. */
      get: (listId: string, options?: CallOptions) =>
        transport.json<ContactList>({ method: 'GET', path: `/v1/lists/${segment(listId)}` }, options),
      /** Change the name or description of a list. Scope: contacts:write. */
      update: (listId: string, input: ListsUpdateInput = {}, options?: CallOptions) =>
        transport.json<ContactList>({ method: 'PATCH', path: `/v1/lists/${segment(listId)}`, json: input }, options),
      /** Delete a list; its contacts stay. Scope: contacts:write. */
      delete: (listId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/lists/${segment(listId)}` }, options),
      /** Put contacts on a list. All or none: where one is no contact of the workspace, the answer says which. Scope: contacts:write. */
      addContacts: (listId: string, input: ListsAddContactsInput, options?: CallOptions) =>
        transport.json<ListAdded>({ method: 'POST', path: `/v1/lists/${segment(listId)}/contacts`, json: input }, options),
      /** Take contacts off a list. Scope: contacts:write. */
      removeContacts: (listId: string, input: ListsRemoveContactsInput, options?: CallOptions) =>
        transport.json<ListRemoved>({ method: 'POST', path: `/v1/lists/${segment(listId)}/contacts/remove`, json: input }, options),
    },
    broadcasts: {
      /** Draft a mail to everybody on a list. Subject, HTML, text and preview text are filled for each contact: its attributes, first_name, last_name, email, and unsubscribe_url. Scope: broadcasts:write. */
      create: (input: BroadcastsCreateInput, options?: CallOptions) =>
        transport.json<BroadcastDetail>({ method: 'POST', path: '/v1/broadcasts', json: input }, options),
      /** List broadcasts, newest first. Scope: broadcasts:read. */
      list: (input: BroadcastsListInput = {}, options?: CallOptions) =>
        transport.json<BroadcastsListOutput>({ method: 'GET', path: '/v1/broadcasts', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<BroadcastsListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<Broadcast>((cursor) => transport.json<BroadcastsListOutput>({ method: 'GET', path: '/v1/broadcasts', query: { ...input, cursor } }, options)),
      /** Show a broadcast and how far it is. Scope: broadcasts:read. */
      get: (broadcastId: string, options?: CallOptions) =>
        transport.json<BroadcastDetail>({ method: 'GET', path: `/v1/broadcasts/${segment(broadcastId)}` }, options),
      /** Change a draft of a broadcast. What is left out stays as it is; null takes it away. Scope: broadcasts:write. */
      update: (broadcastId: string, input: BroadcastsUpdateInput = {}, options?: CallOptions) =>
        transport.json<BroadcastDetail>({ method: 'PATCH', path: `/v1/broadcasts/${segment(broadcastId)}`, json: input }, options),
      /** Delete a draft, or a broadcast that was cancelled. Scope: broadcasts:write. */
      delete: (broadcastId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/broadcasts/${segment(broadcastId)}` }, options),
      /** Send a broadcast, now or later. To whoever is on the list when it begins. Each contact gets a message of its own, in the lane bulk, with one click to unsubscribe; whoever unsubscribed or is suppressed gets none. What sending one of them would refuse is refused here. Scope: broadcasts:send. */
      send: (broadcastId: string, input: BroadcastsSendInput = {}, options?: CallOptions) =>
        transport.json<Broadcast>({ method: 'POST', path: `/v1/broadcasts/${segment(broadcastId)}/send`, json: input }, options),
      /** Stop a broadcast that is scheduled or being sent. Messages that were accepted go on; nobody else gets one. Scope: broadcasts:send. */
      cancel: (broadcastId: string, input: BroadcastsCancelInput = {}, options?: CallOptions) =>
        transport.json<Broadcast>({ method: 'POST', path: `/v1/broadcasts/${segment(broadcastId)}/cancel`, json: input }, options),
      /** List the audience of a broadcast and what became of each member. Counts as reading contacts: more than 20,000 in an hour are refused for a while. Scope: contacts:read. */
      listRecipients: (broadcastId: string, input: BroadcastsListRecipientsInput = {}, options?: CallOptions) =>
        transport.json<BroadcastsListRecipientsOutput>({ method: 'GET', path: `/v1/broadcasts/${segment(broadcastId)}/recipients`, query: input }, options),
      /** Each item of `listRecipients`, page after page. */
      listRecipientsAll: (broadcastId: string, input: Omit<BroadcastsListRecipientsInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<BroadcastRecipient>((cursor) => transport.json<BroadcastsListRecipientsOutput>({ method: 'GET', path: `/v1/broadcasts/${segment(broadcastId)}/recipients`, query: { ...input, cursor } }, options)),
    },
    bounces: {
      /** List bounces, complaints and machines’ replies that came back, newest first. Scope: messages:read. */
      list: (input: BouncesListInput = {}, options?: CallOptions) =>
        transport.json<BouncesListOutput>({ method: 'GET', path: '/v1/bounces', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<BouncesListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<Bounce>((cursor) => transport.json<BouncesListOutput>({ method: 'GET', path: '/v1/bounces', query: { ...input, cursor } }, options)),
      /** Show what a report said and what came of it. Scope: messages:read. */
      get: (bounceId: string, options?: CallOptions) =>
        transport.json<Bounce>({ method: 'GET', path: `/v1/bounces/${segment(bounceId)}` }, options),
      /** The report as it came, with its envelope. The evidence behind an event or a suppression. What is stored of a report ends after 512 KiB. Scope: messages:read. */
      source: (bounceId: string, options?: CallOptions) =>
        transport.bytes({ method: 'GET', path: `/v1/bounces/${segment(bounceId)}/source` }, options),
    },
    quarantine: {
      /** List mail from outside that belongs to no workspace, newest first. Needs the operator's key. Mail to postmaster and abuse of the return-path domain, and reports that match no message. Scope: quarantine:read. */
      list: (input: QuarantineListInput = {}, options?: CallOptions) =>
        transport.json<QuarantineListOutput>({ method: 'GET', path: '/v1/quarantine', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<QuarantineListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<QuarantineItem>((cursor) => transport.json<QuarantineListOutput>({ method: 'GET', path: '/v1/quarantine', query: { ...input, cursor } }, options)),
      /** Mail from the quarantine as it came, with its envelope. Needs the operator's key. It was written by strangers: open it as you would any mail. Scope: quarantine:read. */
      source: (bounceId: string, options?: CallOptions) =>
        transport.bytes({ method: 'GET', path: `/v1/quarantine/${segment(bounceId)}/source` }, options),
    },
    webhooks: {
      /** Add a webhook endpoint. Events are signed as Standard Webhooks has it, or in the way of the vendor whose format the endpoint has. The secret is shown once. Scope: webhooks:write. */
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
      /** Make a new signing secret. The new secret is shown once. The old one signs as well for 24 hours; in the formats sendgrid and mandrill, whose requests carry one signature, only the new one signs from now on. Scope: webhooks:write. */
      rotateSecret: (webhookId: string, options?: CallOptions) =>
        transport.json<WebhooksCreateOutput>({ method: 'POST', path: `/v1/webhooks/${segment(webhookId)}/rotate-secret` }, options),
      /** Show how deliveries to an endpoint went over time. Scope: webhooks:read. */
      statistics: (webhookId: string, input: WebhooksStatisticsInput = {}, options?: CallOptions) =>
        transport.json<WebhooksStatisticsOutput>({ method: 'GET', path: `/v1/webhooks/${segment(webhookId)}/statistics`, query: input }, options),
      /** Show what the requests of an endpoint are verified with. No secret: those are shown where they are made. Scope: webhooks:read. */
      getVerification: (webhookId: string, options?: CallOptions) =>
        transport.json<WebhooksGetVerificationOutput>({ method: 'GET', path: `/v1/webhooks/${segment(webhookId)}/verification` }, options),
      /** List deliveries of an endpoint. In the order of their commits this is also a pull feed: go on from the cursor of the last delivery you have seen, and none is missed. Deliveries are kept for seven days. Scope: webhooks:read. */
      deliveries: (webhookId: string, input: WebhooksDeliveriesInput = {}, options?: CallOptions) =>
        transport.json<WebhooksDeliveriesOutput>({ method: 'GET', path: `/v1/webhooks/${segment(webhookId)}/deliveries`, query: input }, options),
      /** Each item of `deliveries`, page after page. */
      deliveriesAll: (webhookId: string, input: Omit<WebhooksDeliveriesInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<WebhookDelivery>((cursor) => transport.json<WebhooksDeliveriesOutput>({ method: 'GET', path: `/v1/webhooks/${segment(webhookId)}/deliveries`, query: { ...input, cursor } }, options)),
      /** List the webhook deliveries that tell about a message. Of all endpoints, the newest first. Deliveries are kept for seven days, so an older message has none. Scope: webhooks:read. */
      message: (messageId: string, options?: CallOptions) =>
        transport.json<WebhooksMessageOutput>({ method: 'GET', path: `/v1/messages/${segment(messageId)}/webhooks` }, options),
      /** Show what was sent to an endpoint and what it answered. The body of an event of a message needs the scope messages:read too, that of a record of the audit log audit:read; without it there is none. Scope: webhooks:read. */
      delivery: (webhookId: string, deliveryId: string, options?: CallOptions) =>
        transport.json<WebhooksDeliveryOutput>({ method: 'GET', path: `/v1/webhooks/${segment(webhookId)}/deliveries/${segment(deliveryId)}` }, options),
      /** Deliver failed events again, the oldest first. At most limit of them; ask again with until of the answer while left is more than 0. Each keeps its webhook-id and has all its tries anew. Scope: webhooks:write. */
      replayFailed: (webhookId: string, input: WebhooksReplayFailedInput = {}, options?: CallOptions) =>
        transport.json<WebhooksReplayFailedOutput>({ method: 'POST', path: `/v1/webhooks/${segment(webhookId)}/replay-failed`, json: input }, options),
      /** Deliver an event again. It keeps its webhook-id, so that a receiver can tell that it had it before. Scope: webhooks:write. */
      replay: (webhookId: string, deliveryId: string, options?: CallOptions) =>
        transport.json<WebhookDelivery>({ method: 'POST', path: `/v1/webhooks/${segment(webhookId)}/deliveries/${segment(deliveryId)}/replay` }, options),
      /** Send a test event. An event of the type webhook.test; in the format of a vendor samples of its events, as the vendor sends. See what became of it in the deliveries. Scope: webhooks:write. */
      test: (webhookId: string, options?: CallOptions) =>
        transport.json<WebhookDelivery>({ method: 'POST', path: `/v1/webhooks/${segment(webhookId)}/test` }, options),
    },
    inboundRoutes: {
      /** Get the mail of a host name by HTTP. Mail to any address at the host name is posted to the URL, as SendGrid posts it (Inbound Parse). The host name is a verified sending domain of the workspace or a name below one; its MX record leads here. Scope: webhooks:write. */
      create: (input: InboundRoutesCreateInput, options?: CallOptions) =>
        transport.json<InboundRoute>({ method: 'POST', path: '/v1/inbound-routes', json: input }, options),
      /** List inbound routes, newest first. Scope: webhooks:read. */
      list: (input: InboundRoutesListInput = {}, options?: CallOptions) =>
        transport.json<InboundRoutesListOutput>({ method: 'GET', path: '/v1/inbound-routes', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<InboundRoutesListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<InboundRoute>((cursor) => transport.json<InboundRoutesListOutput>({ method: 'GET', path: '/v1/inbound-routes', query: { ...input, cursor } }, options)),
      /** Show an inbound route. Scope: webhooks:read. */
      get: (routeId: string, options?: CallOptions) =>
        transport.json<InboundRoute>({ method: 'GET', path: `/v1/inbound-routes/${segment(routeId)}` }, options),
      /** Change where the mail of a host name goes. What waits goes to the new URL. Scope: webhooks:write. */
      update: (routeId: string, input: InboundRoutesUpdateInput = {}, options?: CallOptions) =>
        transport.json<InboundRoute>({ method: 'PATCH', path: `/v1/inbound-routes/${segment(routeId)}`, json: input }, options),
      /** Take no more mail for a host name. What was taken before still goes to the URL. Scope: webhooks:write. */
      delete: (routeId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/inbound-routes/${segment(routeId)}` }, options),
      /** List what came for a route and what became of it, newest first. Without addresses and content. Kept for seven days after the end. Scope: webhooks:read. */
      mail: (routeId: string, input: InboundRoutesMailInput = {}, options?: CallOptions) =>
        transport.json<InboundRoutesMailOutput>({ method: 'GET', path: `/v1/inbound-routes/${segment(routeId)}/mail`, query: input }, options),
      /** Each item of `mail`, page after page. */
      mailAll: (routeId: string, input: Omit<InboundRoutesMailInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<InboundRouteMail>((cursor) => transport.json<InboundRoutesMailOutput>({ method: 'GET', path: `/v1/inbound-routes/${segment(routeId)}/mail`, query: { ...input, cursor } }, options)),
      /** Post a mail that was refused again. Within its 72 hours; its content is erased then. Scope: webhooks:write. */
      retryMail: (routeId: string, mailId: string, options?: CallOptions) =>
        transport.json<InboundRouteMail>({ method: 'POST', path: `/v1/inbound-routes/${segment(routeId)}/mail/${segment(mailId)}/retry` }, options),
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
      /** List the networks from which keys were used or refused, the last first. Of each key at most 32 networks are kept, never an address. Scope: api-keys:read. */
      uses: (input: ApiKeysUsesInput = {}, options?: CallOptions) =>
        transport.json<ApiKeysUsesOutput>({ method: 'GET', path: '/v1/api-keys/uses', query: input }, options),
      /** Show an API key, without its secret. Scope: api-keys:read. */
      get: (apiKeyId: string, options?: CallOptions) =>
        transport.json<ApiKey>({ method: 'GET', path: `/v1/api-keys/${segment(apiKeyId)}` }, options),
      /** Change the name of an API key; of a key of a door its scopes too. What is left out stays. A key gets at most what the one that asks has. Scopes of keys of our own API stay as they were made. It holds within a second. Scope: api-keys:write. */
      update: (apiKeyId: string, input: ApiKeysUpdateInput = {}, options?: CallOptions) =>
        transport.json<ApiKey>({ method: 'PATCH', path: `/v1/api-keys/${segment(apiKeyId)}`, json: input }, options),
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
    doorNetworks: {
      /** List the networks from which the keys of a door work. None: from everywhere that each key allows. Scope: api-keys:read. */
      list: (door: "sendgrid" | "resend" | "mandrill", options?: CallOptions) =>
        transport.json<DoorNetworksListOutput>({ method: 'GET', path: `/v1/doors/${segment(door)}/networks` }, options),
      /** Let the keys of a door work from some networks, and from no others. As soon as there is one, a key of that door works from no network beside those listed, whatever it says itself. Keys of our own API are not touched, so nobody is locked out. Scope: api-keys:write. */
      add: (door: "sendgrid" | "resend" | "mandrill", input: DoorNetworksAddInput, options?: CallOptions) =>
        transport.json<DoorNetworksListOutput>({ method: 'POST', path: `/v1/doors/${segment(door)}/networks`, json: input }, options),
      /** Take a network away from the keys of a door. With the last one they work from everywhere that each key allows. Scope: api-keys:write. */
      remove: (door: "sendgrid" | "resend" | "mandrill", number: number, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/doors/${segment(door)}/networks/${segment(number)}` }, options),
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
    htmlViews: {
      /** Get an address that shows HTML of your own in a sandboxed frame. For previews of templates and messages. The address needs no key and works for 60 seconds in a frame of this server’s own pages. No script, nothing from elsewhere. Scope: known. */
      create: (input: HtmlViewsCreateInput, options?: CallOptions) =>
        transport.json<HtmlView>({ method: 'POST', path: '/v1/html-views', json: input }, options),
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
    tls: {
      /** Whether DANE is on, and the MTA-STS policies that are known. Needs the operator's key. Asks the validating resolver whether it validates. The policies are those of domains that mail went to. Scope: workspaces:read. */
      show: (input: TlsShowInput = {}, options?: CallOptions) =>
        transport.json<TlsShowOutput>({ method: 'GET', path: '/v1/installation/tls', query: input }, options),
      /** TLS reports of others about your domains, newest first. Mailbox providers report daily whether sessions with your mail servers were encrypted and verified (RFC 8460). What they say is their word; kept for 90 days. Scope: domains:read. */
      listReports: (input: TlsListReportsInput = {}, options?: CallOptions) =>
        transport.json<TlsListReportsOutput>({ method: 'GET', path: '/v1/tls-reports', query: input }, options),
      /** Each item of `listReports`, page after page. */
      listReportsAll: (input: Omit<TlsListReportsInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<TlListReport>((cursor) => transport.json<TlsListReportsOutput>({ method: 'GET', path: '/v1/tls-reports', query: { ...input, cursor } }, options)),
      /** TLS reports of others about the installation's own domains, newest first. Needs the operator's key. About its host name and the domain of its bounces. Scope: workspaces:read. */
      listInstallationReports: (input: TlsListInstallationReportsInput = {}, options?: CallOptions) =>
        transport.json<TlsListReportsOutput>({ method: 'GET', path: '/v1/installation/tls-reports', query: input }, options),
      /** Each item of `listInstallationReports`, page after page. */
      listInstallationReportsAll: (input: Omit<TlsListInstallationReportsInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<TlListReport>((cursor) => transport.json<TlsListReportsOutput>({ method: 'GET', path: '/v1/installation/tls-reports', query: { ...input, cursor } }, options)),
      /** TLS reports that this installation sent to others, newest first. Needs the operator's key. One for each day and domain that asks for them; kept for 90 days. Scope: workspaces:read. */
      listSent: (input: TlsListSentInput = {}, options?: CallOptions) =>
        transport.json<TlsListSentOutput>({ method: 'GET', path: '/v1/installation/tls-reports/sent', query: input }, options),
      /** Each item of `listSent`, page after page. */
      listSentAll: (input: Omit<TlsListSentInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<TlListSent>((cursor) => transport.json<TlsListSentOutput>({ method: 'GET', path: '/v1/installation/tls-reports/sent', query: { ...input, cursor } }, options)),
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
    queue: {
      /** What waits, by lane, state and site, and why. Scope: messages:read. */
      get: (input: QueueGetInput = {}, options?: CallOptions) =>
        transport.json<QueueGetOutput>({ method: 'GET', path: '/v1/queue', query: input }, options),
    },
    queueActs: {
      /** Show what an act on the queue would touch. Counts by lane, state and site, and answers the token that the act takes. It changes nothing. Numbers are exact unless `complete` is false. Scope: messages:read. */
      preview: (input: QueueActsPreviewInput, options?: CallOptions) =>
        transport.json<QueueActsPreviewOutput>({ method: 'POST', path: '/v1/queue/preview', json: input }, options),
      /** Pause, hold, release, requeue or expire what was previewed. It begins at once and goes on in batches; its state tells how far it is. Only what was accepted before the preview is touched, but for a pause, which stops what comes, too. Refused where there is more of it than was shown. Scope: messages:write. */
      create: (input: QueueActsCreateInput, options?: CallOptions) =>
        transport.json<QueueAct>({ method: 'POST', path: '/v1/queue/acts', json: input }, options),
      /** List acts on the queue, newest first. Those on the mail of the workspace, whoever made them, and those of the installation while they hold mail. Scope: messages:read. */
      list: (input: QueueActsListInput = {}, options?: CallOptions) =>
        transport.json<QueueActsListOutput>({ method: 'GET', path: '/v1/queue/acts', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<QueueActsListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<QueueAct>((cursor) => transport.json<QueueActsListOutput>({ method: 'GET', path: '/v1/queue/acts', query: { ...input, cursor } }, options)),
      /** Show an act on the queue and how far it is. Scope: messages:read. */
      get: (actId: string, options?: CallOptions) =>
        transport.json<QueueAct>({ method: 'GET', path: `/v1/queue/acts/${segment(actId)}` }, options),
      /** Resume a pause, or take back another act. An act that is at work stops. What it held goes on in its old order. A release or requeue is taken back by a new act, which is answered. What was sent or has expired meanwhile stays so. Scope: messages:write. */
      undo: (actId: string, input: QueueActsUndoInput, options?: CallOptions) =>
        transport.json<QueueAct>({ method: 'POST', path: `/v1/queue/acts/${segment(actId)}/undo`, json: input }, options),
      /** Stop an act that is at work where it is. What it held stays held, what it released or moved stays so; undo takes that back. `expire` ends nobody any more. A pause is resumed instead. Scope: messages:write. */
      cancel: (actId: string, options?: CallOptions) =>
        transport.json<QueueAct>({ method: 'POST', path: `/v1/queue/acts/${segment(actId)}/cancel` }, options),
    },
    installationQueue: {
      /** What waits in the installation, by lane, state, site and workspace, and why. Needs the operator's key. Scope: queue:read. */
      get: (input: InstallationQueueGetInput = {}, options?: CallOptions) =>
        transport.json<InstallationQueueGetOutput>({ method: 'GET', path: '/v1/installation/queue', query: input }, options),
    },
    installationQueueActs: {
      /** Show what an act on the queue of the installation would touch. Needs the operator's key. It changes nothing. Scope: queue:read. */
      preview: (input: InstallationQueueActsPreviewInput, options?: CallOptions) =>
        transport.json<QueueActsPreviewOutput>({ method: 'POST', path: '/v1/installation/queue/preview', json: input }, options),
      /** Pause, hold, release, requeue or expire mail of the installation, as it was previewed. Needs the operator's key. A workspace reads of what is done to its mail, and why, in its events and in its audit log. Scope: queue:write. */
      create: (input: InstallationQueueActsCreateInput, options?: CallOptions) =>
        transport.json<QueueAct>({ method: 'POST', path: '/v1/installation/queue/acts', json: input }, options),
      /** List acts on the queue of the installation, newest first. Needs the operator's key. Those of workspaces and of staff too. Scope: queue:read. */
      list: (input: InstallationQueueActsListInput = {}, options?: CallOptions) =>
        transport.json<QueueActsListOutput>({ method: 'GET', path: '/v1/installation/queue/acts', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<InstallationQueueActsListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<QueueAct>((cursor) => transport.json<QueueActsListOutput>({ method: 'GET', path: '/v1/installation/queue/acts', query: { ...input, cursor } }, options)),
      /** Show any act on the queue and how far it is. Needs the operator's key. Scope: queue:read. */
      get: (actId: string, options?: CallOptions) =>
        transport.json<QueueAct>({ method: 'GET', path: `/v1/installation/queue/acts/${segment(actId)}` }, options),
      /** Resume any pause, or take back any other act. Needs the operator's key. What staff have held, too. Scope: queue:write. */
      undo: (actId: string, input: InstallationQueueActsUndoInput, options?: CallOptions) =>
        transport.json<QueueAct>({ method: 'POST', path: `/v1/installation/queue/acts/${segment(actId)}/undo`, json: input }, options),
      /** Stop any act that is at work where it is. Needs the operator's key. What it did by then stays, and can be undone. Scope: queue:write. */
      cancel: (actId: string, options?: CallOptions) =>
        transport.json<QueueAct>({ method: 'POST', path: `/v1/installation/queue/acts/${segment(actId)}/cancel` }, options),
    },
    installationLedger: {
      /** What became of every recipient that the installation ever accepted. Needs the operator's key. A worker counts it every 15 s, or as seldom as makes it a two-hundredth of the time; `countedAt` says when. Until it was counted for the first time the answer is 503. Scope: queue:read. */
      get: (options?: CallOptions) =>
        transport.json<InstallationLedgerGetOutput>({ method: 'GET', path: '/v1/installation/ledger' }, options),
    },
    quotas: {
      /** Show limits of sending and what is used of them. Of the workspace and of its credentials. Nothing is taken by asking. Scope: messages:read. */
      get: (options?: CallOptions) =>
        transport.json<Quotas>({ method: 'GET', path: '/v1/quotas' }, options),
      /** Limit what the own workspace sends. Never above what whoever runs the server allows; those limits hold besides. In force within two seconds. Scope: policies:write. */
      set: (input: QuotasSetInput, options?: CallOptions) =>
        transport.json<Quotas>({ method: 'PUT', path: '/v1/quotas', json: input }, options),
      /** Show limits of a workspace and what is used of them. Needs the operator's key. Scope: workspaces:read. */
      getForWorkspace: (workspaceId: string, options?: CallOptions) =>
        transport.json<Quotas>({ method: 'GET', path: `/v1/workspaces/${segment(workspaceId)}/quotas` }, options),
      /** Limit what a workspace sends. Needs the operator's key. The workspace can set lower limits besides, and for its credentials. In force within two seconds. Scope: workspaces:write. */
      setForWorkspace: (workspaceId: string, input: QuotasSetForWorkspaceInput, options?: CallOptions) =>
        transport.json<Quotas>({ method: 'PUT', path: `/v1/workspaces/${segment(workspaceId)}/quotas`, json: input }, options),
      /** Limit what an API key sends. Never above the workspace's limits, which hold besides. A key that takes its place by rotation has the same limits and the same use. Scope: api-keys:write. */
      setForApiKey: (apiKeyId: string, input: QuotasSetForApiKeyInput, options?: CallOptions) =>
        transport.json<Quotas>({ method: 'PUT', path: `/v1/api-keys/${segment(apiKeyId)}/quotas`, json: input }, options),
      /** Limit what an SMTP credential sends. Never above the workspace's limits, which hold besides. A credential that takes its place by rotation has the same limits and the same use. Scope: smtp-credentials:write. */
      setForSmtpCredential: (smtpCredentialId: string, input: QuotasSetForSmtpCredentialInput, options?: CallOptions) =>
        transport.json<Quotas>({ method: 'PUT', path: `/v1/smtp-credentials/${segment(smtpCredentialId)}/quotas`, json: input }, options),
    },
    statistics: {
      /** What happened to the mail of the workspace, over time. Counted in the background, some seconds behind: throughMoment says until when it is complete. Everything counts at the time at which it happened. Scope: messages:read. */
      get: (input: StatisticsGetInput = {}, options?: CallOptions) =>
        transport.json<Statistics>({ method: 'GET', path: '/v1/statistics', query: input }, options),
    },
    installationStatistics: {
      /** What happened to the mail of all workspaces together, over time. Needs the operator's key. It names no workspace and no address. Scope: queue:read. */
      get: (input: InstallationStatisticsGetInput = {}, options?: CallOptions) =>
        transport.json<Statistics>({ method: 'GET', path: '/v1/installation/statistics', query: input }, options),
    },
    tags: {
      /** List the tags in use, by name, with what happened to their mail in 30 days. Counted in the background, some seconds behind; of one day 2,000 tags at most. Scope: messages:read. */
      list: (input: TagsListInput = {}, options?: CallOptions) =>
        transport.json<TagsListOutput>({ method: 'GET', path: '/v1/tags', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<TagsListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<TagInUse>((cursor) => transport.json<TagsListOutput>({ method: 'GET', path: '/v1/tags', query: { ...input, cursor } }, options)),
      /** What happened to the mail of some tags, day by day. Also of what mail was made with: template:tpl_…, topic:top_…, subaccount:sba_…. Counted in the background, some seconds behind. Scope: messages:read. */
      statistics: (input: TagsStatisticsInput, options?: CallOptions) =>
        transport.json<TagStatistics>({ method: 'GET', path: '/v1/tags/statistics', query: input }, options),
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
      acknowledge: (alertId: string, input: AlertsAcknowledgeInput = {}, options?: CallOptions) =>
        transport.empty({ method: 'POST', path: `/v1/alerts/${segment(alertId)}/acknowledge`, json: input }, options),
      /** List security alerts of the installation, newest first. Needs the operator's key. Attacks on the installation as a whole, and on single people; what concerns a workspace is read with its own keys. Scope: installation-alerts:read. */
      listInstallation: (input: AlertsListInstallationInput = {}, options?: CallOptions) =>
        transport.json<AlertsListOutput>({ method: 'GET', path: '/v1/installation/alerts', query: input }, options),
      /** Each item of `listInstallation`, page after page. */
      listInstallationAll: (input: Omit<AlertsListInstallationInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<Alert>((cursor) => transport.json<AlertsListOutput>({ method: 'GET', path: '/v1/installation/alerts', query: { ...input, cursor } }, options)),
      /** Say that a security alert of the installation was seen. Needs the operator's key. Scope: installation-alerts:write. */
      acknowledgeInstallation: (alertId: string, input: AlertsAcknowledgeInstallationInput = {}, options?: CallOptions) =>
        transport.empty({ method: 'POST', path: `/v1/installation/alerts/${segment(alertId)}/acknowledge`, json: input }, options),
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
        transport.json<FirstRunCompleteOutput>({ method: 'POST', path: '/v1/log-in/second-factor', json: input }, options),
      /** Ask for what a browser needs to show a passkey. With a challenge the passkeys of its person are listed. Without one the browser offers what it has: a log-in without address and password. Scope: public. */
      passkeyOptions: (input: LogInPasskeyOptionsInput = {}, options?: CallOptions) =>
        transport.json<LogInPasskeyOptionsOutput>({ method: 'POST', path: '/v1/log-in/passkey/options', json: input }, options),
      /** Log in with a passkey alone. The passkey says who it is and has asked for a PIN or a finger: two factors in one. Scope: public. */
      withPasskey: (input: LogInWithPasskeyInput, options?: CallOptions) =>
        transport.json<FirstRunCompleteOutput>({ method: 'POST', path: '/v1/log-in/passkey', json: input }, options),
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
