import type { DoorName } from '../../kernel/doors.ts'
import type { Fault } from '../../kernel/faults.ts'
import type { Client, Principal, TypedOperation } from '../../platform/http/operation.ts'

/** What a door answers: a body as JSON, or none. */
export interface DoorAnswer {
  readonly status: number
  /** Undefined: an empty body. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** A refusal in the vendor's own words, where no fault of ours says it. */
export class DoorRefusal extends Error {
  readonly answer: DoorAnswer

  constructor(answer: DoorAnswer) {
    super('refused by a door')
    this.name = 'DoorRefusal'
    this.answer = answer
  }
}

export type DoorPrincipal = Extract<Principal, { kind: 'api_key' }>

export interface RunOptions {
  /** A request with the same key and the same body in 24 hours is done once. */
  readonly idempotencyKey?: string
  /** Of an operation that takes a MIME message: its bytes. */
  readonly raw?: Buffer
}

/**
 * A request at a door. The one thing it can do is run an operation of ours, which asks for scope, containment and limits and keeps its records
 * as it does under /v1: a door has no power of its own.
 */
export interface DoorCall<Services> {
  readonly method: string
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** Parsed; an empty object where there was no body. Not checked in any way. */
  readonly body: unknown
  /** As it came, unpacked. */
  readonly raw: Buffer
  header(name: string): string | undefined
  readonly principal: DoorPrincipal
  readonly client: Client
  run<Input, Output>(
    operation: TypedOperation<Services, Input, Output>,
    input: Input,
    options?: RunOptions,
  ): Promise<Output>
}

export interface DoorRoute<Services> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** As the vendor documents it, with `{name}` placeholders. */
  readonly path: string
  /** What this call is by the vendor's own names of permissions: a key that has such names and none of these is refused. */
  readonly doorScope?: string | readonly string[]
  /** Default 1 MiB. */
  readonly bodyBytesMax?: number
  readonly handle: (call: DoorCall<Services>) => Promise<DoorAnswer>
}

/** What a door shows a request by, before anything of it is believed. */
export interface DoorKnock {
  readonly authorization: string | undefined
  header(name: string): string | undefined
  readonly body: unknown
}

/** One vendor's API. Its routes translate; everything else it says is in its own shape. */
export interface Door<Services> {
  readonly name: DoorName
  readonly routes: readonly DoorRoute<Services>[]
  /** Further paths under which a route answers. */
  readonly aliases?: (path: string) => readonly string[]
  /** The key that a request shows; null: none. */
  readonly keyOf: (knock: DoorKnock) => string | null
  /**
   * Where the key may stand in the body too: keys that it may show, found without taking it apart. Large bodies are parsed for nobody who is not
   * known by one of them.
   */
  readonly glimpseKeys?: (raw: Buffer) => readonly string[]
  /** What a body is; throws faults. Default: JSON. */
  readonly parseBody?: (bytes: Buffer, contentType: string) => unknown
  /** A fault as the vendor would say it. `isKeyless`: no key was shown. */
  readonly renderFault: (
    fault: Fault,
    about: { readonly requestId: string; readonly isKeyless: boolean },
  ) => DoorAnswer
}

/** For a door's own file of routes: keeps the types of its services. */
export function doorRoutes<Services>(routes: readonly DoorRoute<Services>[]): readonly DoorRoute<Services>[] {
  return routes
}
