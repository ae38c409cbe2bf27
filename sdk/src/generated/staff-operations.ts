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
  }
}
