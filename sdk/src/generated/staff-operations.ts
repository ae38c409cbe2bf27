// Made by npm run gen from the operation registry. Do not edit: change the operation and run it again.

import { eachItem } from '../pages.ts'
import { segment, type CallOptions, type Transport } from '../transport.ts'

export interface StaffWorkspace {
  readonly id: string
  readonly name: string
  readonly createdAt: string
  /** Not revoked. */
  readonly apiKeys: number
  /** Not revoked. */
  readonly smtpCredentials: number
  readonly domains: {
    readonly verified: number
    readonly other: number
  }
  readonly webhooks: {
    readonly enabled: number
    readonly disabled: number
  }
  /** Recipients that wait, counted up to 10,000. */
  readonly waiting: number
  readonly oldestDue: string | null
  /** Containments in force. */
  readonly contained: number
}

export interface StaffContainment {
  readonly id: string
  /** Null for the whole installation. */
  readonly workspaceId: string | null
  readonly scope: "installation" | "workspace" | "member" | "credential"
  readonly subject: string | null
  readonly actorClass: "api" | "smtp" | "sender" | "worker" | "any"
  readonly capabilities: readonly string[]
  readonly reasonCode: "security_hold" | "policy" | "billing" | "abuse"
  readonly reason: string
  readonly incident: string | null
  readonly evidence: string | null
  readonly until: string
  readonly madeBy: string
  readonly madeAt: string
  readonly state: "active" | "lift_requested" | "lifted" | "expired"
  readonly endedAt: string | null
  readonly liftRequestedBy: string | null
}

export interface StaffQueueAct {
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

export interface StaffMembersAddInput {
  /** A label or pseudonym; no name is needed. */
  readonly label: string
}

export interface StaffMembersAddOutput {
  readonly id: string
  readonly label: string
  /** The public start of the key. */
  readonly prefix: string
  readonly createdAt: string
  readonly revokedAt: string | null
  /** Kept to within half a minute. */
  readonly lastUsedAt: string | null
  /** The key itself. It is shown this once and cannot be shown again. */
  readonly key: string
}

export interface StaffMembersListOutput {
  readonly data: readonly ({
    readonly id: string
    readonly label: string
    /** The public start of the key. */
    readonly prefix: string
    readonly createdAt: string
    readonly revokedAt: string | null
    /** Kept to within half a minute. */
    readonly lastUsedAt: string | null
  })[]
}

export interface StaffWorkspacesListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
}

export interface StaffWorkspacesListOutput {
  readonly data: readonly StaffWorkspace[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface StaffQueueGetInput {
  /** Only this workspace. */
  readonly workspaceId?: string | undefined
}

export interface StaffQueueGetOutput {
  readonly data: readonly ({
    readonly workspaceId: string
    readonly lane: "critical" | "transactional" | "bulk" | "internal"
    readonly waiting: number
    readonly inFlight: number
    readonly held: number
    readonly oldestDue: string | null
  })[]
}

export interface StaffProcessesListOutput {
  readonly data: readonly ({
    readonly process: string
    readonly host: string
    readonly pid: number
    readonly ready: boolean
    readonly heartbeatAgeMs: number
    readonly uptimeSeconds: number
  })[]
}

export interface StaffContainmentsCreateInput {
  readonly scope: "installation" | "workspace" | "credential"
  /** Needed unless the scope is installation. */
  readonly workspaceId?: string | undefined
  /** key_… or smtp_…, for the scope credential. */
  readonly credentialId?: string | undefined
  /** The kind of process that is cut off. Default: "any". */
  readonly actorClass?: "api" | "smtp" | "sender" | "worker" | "any" | undefined
  /** What is cut off; `deliver:bulk` holds a lane. */
  readonly capabilities: readonly ("send" | "send:critical" | "send:transactional" | "send:bulk" | "send:internal" | "deliver" | "deliver:critical" | "deliver:transactional" | "deliver:bulk" | "deliver:internal" | "read" | "write" | "sender-change" | "credential" | "webhook")[]
  /** Default: "security_hold". */
  readonly reasonCode?: "security_hold" | "policy" | "billing" | "abuse" | undefined
  /** What the blocked party is told. */
  readonly reason: string
  readonly incident?: string | undefined
  readonly evidence?: string | undefined
  /** Default: in 24 hours; at most 30 days. */
  readonly until?: string | undefined
}

export interface StaffContainmentsCreateOutput {
  readonly id: string
  readonly until: string
  /** Transactions ended by force. */
  readonly ended: number
  /** Transactions that would not end; 0 is what you want. */
  readonly unfinished: number
}

export interface StaffContainmentsPreviewInput {
  readonly scope: "installation" | "workspace" | "credential"
  /** Needed unless the scope is installation. */
  readonly workspaceId?: string | undefined
  /** key_… or smtp_…, for the scope credential. */
  readonly credentialId?: string | undefined
}

export interface StaffContainmentsPreviewOutput {
  readonly data: readonly ({
    readonly lane: "critical" | "transactional" | "bulk" | "internal"
    readonly acceptedLastHour: number
    readonly waiting: number
  })[]
}

export interface StaffContainmentsListInput {
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  /** Only those of this workspace. */
  readonly workspaceId?: string | undefined
}

export interface StaffContainmentsListOutput {
  readonly data: readonly StaffContainment[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

export interface StaffContainmentsRequestLiftInput {
  /** Why, for the audit log: no personal data. */
  readonly reason: string
}

export interface StaffContainmentsLiftInput {
  /** Why, for the audit log: no personal data. */
  readonly reason: string
}

export interface StaffEpochsBumpInput {
  readonly scope: "installation" | "workspace"
  /** Needed for the scope workspace. */
  readonly workspaceId?: string | undefined
  readonly class: "any" | "session" | "api_key" | "smtp_credential"
  /** Why, for the audit log: no personal data. */
  readonly reason: string
}

export interface StaffEpochsBumpOutput {
  readonly floor: number
  readonly bumpedAt: string
}

export interface StaffCredentialsRevokeInput {
  /** key_… or smtp_…. */
  readonly credentialId: string
  /** Why, for the audit log: no personal data. */
  readonly reason: string
}

export interface StaffQueueActsPreviewInput {
  /** Only the mail of this workspace. */
  readonly workspaceId?: string | undefined
  readonly act: "pause" | "hold"
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
}

export interface StaffQueueActsPreviewOutput {
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

export interface StaffQueueActsCreateInput {
  /** Only the mail of this workspace. */
  readonly workspaceId?: string | undefined
  /** Of the preview, unchanged. */
  readonly token: string
  /** How many recipients the preview showed. */
  readonly expected: number
  /** Why. Whose mail it is reads it. */
  readonly reason: string
}

export interface StaffQueueActsListInput {
  /** Only the mail of this workspace. */
  readonly workspaceId?: string | undefined
  /** Rows per page, 1 to 100. Default: 50. */
  readonly limit?: number | undefined
  /** nextCursor of the page before. */
  readonly cursor?: string | undefined
  /** `open`: only those that have not ended. Default: "all". */
  readonly state?: "open" | "all" | undefined
}

export interface StaffQueueActsListOutput {
  readonly data: readonly StaffQueueAct[]
  /** Give it as cursor to get the next page; null on the last. */
  readonly nextCursor: string | null
}

/** The values of inputs that have a fixed list, by operation and field. */
export const CHOICES = {
  'staffContainments.create': {
    scope: ["installation","workspace","credential"],
    actorClass: ["api","smtp","sender","worker","any"],
    capabilities: ["send","send:critical","send:transactional","send:bulk","send:internal","deliver","deliver:critical","deliver:transactional","deliver:bulk","deliver:internal","read","write","sender-change","credential","webhook"],
    reasonCode: ["security_hold","policy","billing","abuse"],
  },
  'staffContainments.preview': {
    scope: ["installation","workspace","credential"],
  },
  'staffEpochs.bump': {
    scope: ["installation","workspace"],
    class: ["any","session","api_key","smtp_credential"],
  },
  'staffQueueActs.preview': {
    act: ["pause","hold"],
  },
  'staffQueueActs.list': {
    state: ["open","all"],
  },
} as const

/** The operations of the API, grouped by noun. */
export type Operations = ReturnType<typeof createOperations>

/** Binds every operation to a transport. */
export function createOperations(transport: Transport) {
  return {
    staffMembers: {
      /** Add a member of staff. Needs the operator's key. The staff key is shown once. Scope: staff:write. */
      add: (input: StaffMembersAddInput, options?: CallOptions) =>
        transport.json<StaffMembersAddOutput>({ method: 'POST', path: '/v1/staff', json: input }, options),
      /** List members of staff, the oldest first. Needs the operator's key. Revoked members stay in the list. Scope: staff:read. */
      list: (options?: CallOptions) =>
        transport.json<StaffMembersListOutput>({ method: 'GET', path: '/v1/staff' }, options),
      /** Revoke a member of staff. Needs the operator's key. The next request with the staff key fails. Scope: staff:write. */
      revoke: (staffMemberId: string, options?: CallOptions) =>
        transport.empty({ method: 'DELETE', path: `/v1/staff/${segment(staffMemberId)}` }, options),
    },
    staffWorkspaces: {
      /** List workspaces with counters of their state, the oldest first. Numbers only: no address, no content, no domain. Scope: installation:read. */
      list: (input: StaffWorkspacesListInput = {}, options?: CallOptions) =>
        transport.json<StaffWorkspacesListOutput>({ method: 'GET', path: '/v1/workspaces', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<StaffWorkspacesListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<StaffWorkspace>((cursor) => transport.json<StaffWorkspacesListOutput>({ method: 'GET', path: '/v1/workspaces', query: { ...input, cursor } }, options)),
    },
    staffQueue: {
      /** Show what waits, by workspace and lane. The longest queues first; at most 1,000 lines. Scope: installation:read. */
      get: (input: StaffQueueGetInput = {}, options?: CallOptions) =>
        transport.json<StaffQueueGetOutput>({ method: 'GET', path: '/v1/queue', query: input }, options),
    },
    staffProcesses: {
      /** Show the processes of all hosts and how they are. Scope: installation:read. */
      list: (options?: CallOptions) =>
        transport.json<StaffProcessesListOutput>({ method: 'GET', path: '/v1/processes' }, options),
    },
    staffContainments: {
      /** Contain the installation, a workspace or a credential. When it is answered, nothing that it forbids is in flight. To hold a lane, contain `deliver:<lane>`. Two members of staff lift it. Scope: containments:write. */
      create: (input: StaffContainmentsCreateInput, options?: CallOptions) =>
        transport.json<StaffContainmentsCreateOutput>({ method: 'POST', path: '/v1/containments', json: input }, options),
      /** Show what a containment would stop, without making it. By lane: messages of the last hour and recipients that wait, each counted up to 100,000. Scope: containments:write. */
      preview: (input: StaffContainmentsPreviewInput, options?: CallOptions) =>
        transport.json<StaffContainmentsPreviewOutput>({ method: 'POST', path: '/v1/containments/preview', json: input }, options),
      /** List containments, the youngest first. Scope: installation:read. */
      list: (input: StaffContainmentsListInput = {}, options?: CallOptions) =>
        transport.json<StaffContainmentsListOutput>({ method: 'GET', path: '/v1/containments', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<StaffContainmentsListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<StaffContainment>((cursor) => transport.json<StaffContainmentsListOutput>({ method: 'GET', path: '/v1/containments', query: { ...input, cursor } }, options)),
      /** Ask for a containment to be lifted. It stays in force until another member of staff approves. Both were staff before it was made. Scope: containments:lift. */
      requestLift: (containmentId: string, input: StaffContainmentsRequestLiftInput, options?: CallOptions) =>
        transport.empty({ method: 'POST', path: `/v1/containments/${segment(containmentId)}/lift-requests`, json: input }, options),
      /** Approve the lift of a containment that another member of staff asked for. Scope: containments:lift. */
      lift: (containmentId: string, input: StaffContainmentsLiftInput, options?: CallOptions) =>
        transport.empty({ method: 'POST', path: `/v1/containments/${segment(containmentId)}/lift`, json: input }, options),
    },
    staffEpochs: {
      /** End every credential of a kind, of a workspace or of all. What was made until now is dead within a second. Staff keys are not reached: the operator revokes them one by one. Scope: credentials:kill. */
      bump: (input: StaffEpochsBumpInput, options?: CallOptions) =>
        transport.json<StaffEpochsBumpOutput>({ method: 'POST', path: '/v1/epochs', json: input }, options),
    },
    staffCredentials: {
      /** Revoke an API key or an SMTP credential of any workspace. The workspace sees it in its audit stream, with the reason. Scope: credentials:kill. */
      revoke: (input: StaffCredentialsRevokeInput, options?: CallOptions) =>
        transport.empty({ method: 'POST', path: '/v1/credentials/revoke', json: input }, options),
    },
    staffQueueActs: {
      /** Show what a pause or hold would touch. Numbers by lane, state, site and workspace; no address. It changes nothing. Scope: installation:read. */
      preview: (input: StaffQueueActsPreviewInput, options?: CallOptions) =>
        transport.json<StaffQueueActsPreviewOutput>({ method: 'POST', path: '/v1/queue/preview', json: input }, options),
      /** Pause or hold mail as it was previewed. Staff take away: only the operator gives it back. Scope: containments:write. */
      create: (input: StaffQueueActsCreateInput, options?: CallOptions) =>
        transport.json<StaffQueueAct>({ method: 'POST', path: '/v1/queue/acts', json: input }, options),
      /** List acts on the queue, newest first. Scope: installation:read. */
      list: (input: StaffQueueActsListInput = {}, options?: CallOptions) =>
        transport.json<StaffQueueActsListOutput>({ method: 'GET', path: '/v1/queue/acts', query: input }, options),
      /** Each item of `list`, page after page. */
      listAll: (input: Omit<StaffQueueActsListInput, 'cursor'> = {}, options?: CallOptions) =>
        eachItem<StaffQueueAct>((cursor) => transport.json<StaffQueueActsListOutput>({ method: 'GET', path: '/v1/queue/acts', query: { ...input, cursor } }, options)),
    },
  }
}
