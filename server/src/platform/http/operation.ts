import { z } from 'zod'
import type { Capability } from '../../kernel/containment.ts'
import type { DoorName } from '../../kernel/doors.ts'
import type { FaultCode } from '../../kernel/faults.ts'
import type { KeyBounds } from '../../kernel/key-bounds.ts'
import type { TenantDatabase } from '../postgres/tenant.ts'
import { faultOfIssues } from './problem.ts'

/**
 * What an operation can do to a workspace; containment, step-up and rate classes key on it. `safety` is what makes things safer or shows
 * why they are cut off (contain, revoke, lift, preview, audit log, own export): it is never contained.
 */
export const RISKS = [
  'read',
  'send',
  'write',
  'sender-change',
  'credential',
  'installation',
  'safety',
] as const
export type Risk = (typeof RISKS)[number]

/** The capability whose containment stops an operation of a risk; null: none does. */
export const CAPABILITY_OF_RISK: Readonly<Record<Risk, Capability | null>> = {
  read: 'read',
  send: 'send',
  write: 'write',
  'sender-change': 'sender-change',
  credential: 'credential',
  installation: 'write',
  safety: null,
}

/**
 * The scope of what every credential may do, whatever it was given: learn who it is. A session that can only add the first factor is not
 * known yet: it is not yet shown that it is the person's (C-05).
 */
export const KNOWN_SCOPE = 'known'

/** Who asks. An operator key belongs to the installation and opens no workspace; staff belong to the staff process. */
export type Principal =
  | {
      readonly kind: 'api_key'
      readonly id: string
      readonly workspaceId: string
      readonly scopes: readonly string[]
      readonly bounds: KeyBounds
      /** The vendor whose API the key opens; absent: ours. */
      readonly door?: DoorName
      /** What it may do by that vendor's names; empty: all that its scopes allow. */
      readonly doorScopes?: readonly string[]
    }
  | { readonly kind: 'operator' | 'staff'; readonly id: string; readonly scopes: readonly string[] }
  | PersonPrincipal
  /** Whoever calls an operation of scope `public`. */
  | { readonly kind: 'anonymous'; readonly id: 'anonymous'; readonly scopes: readonly string[] }

/** A person, through a session. */
export interface PersonPrincipal {
  readonly kind: 'person'
  /** UUID of the session. */
  readonly id: string
  readonly personId: string
  /** Empty outside of any workspace; the scopes are then those over the own account. */
  readonly workspaceId: string
  readonly role: string | null
  readonly scopes: readonly string[]
  readonly level: 'enrolment' | 'full'
  readonly factor: 'none' | 'totp' | 'passkey' | 'recovery' | 'sso'
  /** Milliseconds since the second factor was last shown; null: never. */
  readonly strongAgeMs: number | null
}

/** What is known of the other end. */
export interface Client {
  /** Text in shortest form; behind trusted proxies what they say. */
  readonly address: string
  /** At most 300 characters of printable ASCII. */
  readonly userAgent: string
  /** A mark of the browser that an earlier log-in left. */
  readonly device: string | null
  readonly sessionToken: string | null
  readonly transport: 'cookie' | 'bearer' | 'none'
}

/** What a request shows of who it is from. */
export interface Credentials {
  readonly method: string
  /** Of the operation that is asked for. */
  readonly scope: string
  readonly authorization: string | undefined
  /** Header `bulkhead-workspace`: where a person acts. */
  readonly workspace: string | undefined
  readonly client: Client
  /** Whether a browser, or the console's own header, says that the request comes from our own pages. */
  readonly isSameOrigin: boolean
}

/** Who acts, as records and containments name him. */
export function actorOf(principal: Principal): string {
  return principal.kind === 'person' ? `member:${principal.personId}` : `${principal.kind}:${principal.id}`
}

/** The workspace in which a principal acts; empty outside of any. */
export function workspaceOf(principal: Principal): string {
  return principal.kind === 'api_key' || principal.kind === 'person' ? principal.workspaceId : ''
}

/** The step-up age of each risk, in seconds; null: none. An operation may name its own. */
export const STEP_UP_OF_RISK: Readonly<Record<Risk, number | null>> = {
  read: null,
  send: null,
  write: null,
  'sender-change': 300,
  credential: 300,
  installation: 300,
  safety: null,
}

/** What every handler gets. `services` holds the slices' services; an operation names only those that it uses. */
export interface OperationContext<Services> {
  readonly services: Services
  /** The caller's workspace; operator operations have none and get the empty string. */
  readonly workspaceId: string
  readonly principal: Principal
  /** Written to records of who did it: `api_key:<uuid>`, `member:<uuid of the person>`. */
  readonly actor: string
  readonly client: Client
  /** Sets a cookie with the answer, or with null takes it away. */
  readonly setCookie: (name: 'session' | 'device', value: string | null, maxAgeSeconds: number) => void
  /** Adds header fields to the answer of an operation that does not fail. */
  readonly addHeaders: (fields: Readonly<Record<string, string>>) => void
  readonly idempotencyKey: string | undefined
  /** SHA-256 of the request body, present where `idempotencyKey` is. */
  readonly bodyHash: Buffer | undefined
  /** The body of an operation that consumes a MIME message. */
  readonly raw: Buffer | undefined
  /** `Last-Event-ID` of a stream that is resumed. */
  readonly lastEventId: string | undefined
  /** Ends when the client goes away or the process drains. */
  readonly signal: AbortSignal
  /** Runs in a read-only transaction of the workspace. */
  read<T>(work: (db: TenantDatabase) => Promise<T>): Promise<T>
  /** Runs in a transaction of the workspace and writes the operation's audit event in it, about `target`. */
  act<T>(
    work: (
      db: TenantDatabase,
      about: (target: string, detail?: Record<string, unknown>) => void,
    ) => Promise<T>,
  ): Promise<T>
}

/** An event of a stream, or only the place in it from which a client may resume. */
export type StreamEvent =
  | { readonly id: string; readonly event: string; readonly data: unknown }
  | { readonly id: string; readonly event?: undefined }

interface OperationFacts {
  /** `<noun>.<verb>`: the name in the SDK, the CLI and the audit log. */
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  /** Path with `{name}` placeholders; each names a property of the input. */
  readonly path: string
  readonly summary: string
  readonly description?: string
  /** `public`: nobody needs to be known; `account`: any person with a whole session; `account:enrol`: also one without a second factor yet. */
  readonly scope: string
  readonly risk: Risk
  /** For people: how old the last strong authentication may be. Default: STEP_UP_OF_RISK. Null: does not matter. */
  readonly stepUpSeconds?: number | null
  /** The audit event; reads name theirs too, though only acts write one. Several where it depends on what the act is about: one is written. */
  readonly audit: string | readonly string[]
  readonly faults: readonly FaultCode[]
  readonly bodyBytesMax?: number
  readonly idempotent?: boolean
}

interface Definition<Input extends z.ZodObject, Services, Result> extends OperationFacts {
  /** Path parameters, query (GET and DELETE) or body (others) in one strict object. */
  readonly input: Input
  readonly handle: (context: OperationContext<Services>, input: z.output<Input>) => Result
}

/** An operation as the registry holds it. `run` parses its input first, so that no handler sees what its contract does not allow. */
export type Operation<Services> = OperationFacts & { readonly input: z.ZodObject } & (
    | {
        readonly kind: 'json'
        readonly consumes: 'json' | 'mime'
        readonly status: 200 | 201 | 202 | 207
        readonly output: z.ZodType
        readonly run: (context: OperationContext<Services>, input: unknown) => Promise<unknown>
      }
    | {
        readonly kind: 'empty'
        readonly run: (context: OperationContext<Services>, input: unknown) => Promise<void>
      }
    | {
        readonly kind: 'bytes'
        readonly produces: string
        readonly run: (context: OperationContext<Services>, input: unknown) => Promise<Buffer>
      }
    | {
        readonly kind: 'stream'
        readonly run: (context: OperationContext<Services>, input: unknown) => AsyncIterable<StreamEvent>
      }
  )

/** An operation with the types of what it takes and answers, for callers in this process. `types` is never there: it is for the compiler. */
export type TypedOperation<Services, Input, Output> = Operation<Services> & {
  readonly types?: { readonly input: Input; readonly output: Output }
}

/**
 * The single record from which come the route, OpenAPI, the SDK, the CLI, the permission list, the audit vocabulary and the
 * generic tests. It does not compile without scope, risk and audit event.
 */
export function defineOperation<Input extends z.ZodObject, Output extends z.ZodType, Services>(
  definition: Definition<Input, Services, Promise<z.input<Output>>> & {
    readonly status: 200 | 201 | 202 | 207
    readonly output: Output
    readonly consumes?: 'json' | 'mime'
  },
): TypedOperation<Services, z.input<Input>, z.output<Output>> {
  const { handle, ...facts } = definition
  return {
    ...facts,
    kind: 'json',
    consumes: definition.consumes ?? 'json',
    run: async (context, input) => {
      const output = definition.output.safeParse(await handle(context, parse(definition.input, input)))
      if (output.success) return output.data
      throw new Error(
        `${definition.id} answered what its contract does not allow: ${z.prettifyError(output.error)}`,
      )
    },
  }
}

/** An operation that answers 204. */
export function defineEmptyOperation<Input extends z.ZodObject, Services>(
  definition: Definition<Input, Services, Promise<void>>,
): TypedOperation<Services, z.input<Input>, void> {
  const { handle, ...facts } = definition
  return {
    ...facts,
    kind: 'empty',
    run: async (context, input) => handle(context, parse(definition.input, input)),
  }
}

/** An operation that answers bytes of one media type. */
export function defineBytesOperation<Input extends z.ZodObject, Services>(
  definition: Definition<Input, Services, Promise<Buffer>> & { readonly produces: string },
): TypedOperation<Services, z.input<Input>, Buffer> {
  const { handle, ...facts } = definition
  return {
    ...facts,
    kind: 'bytes',
    run: async (context, input) => handle(context, parse(definition.input, input)),
  }
}

/** An operation that answers a stream of server-sent events. */
export function defineStreamOperation<Input extends z.ZodObject, Services>(
  definition: Definition<Input, Services, AsyncIterable<StreamEvent>>,
): Operation<Services> {
  const { handle, ...facts } = definition
  return {
    ...facts,
    kind: 'stream',
    run: (context, input) => handle(context, parse(definition.input, input)),
  }
}

function parse<Input extends z.ZodObject>(schema: Input, value: unknown): z.output<Input> {
  const parsed = schema.safeParse(value, { reportInput: true })
  if (parsed.success) return parsed.data
  throw faultOfIssues(parsed.error.issues)
}
