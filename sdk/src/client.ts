import { createOperations, type Operations } from './generated/operations.ts'
import { readReadiness, type Readiness } from './readiness.ts'
import { createTransport, type CallOptions, type ClientOptions } from './transport.ts'

/** Every operation of the API, grouped by noun, and `readiness`. */
export type Client = Operations & {
  /** Whether the installation works, process by process. It needs no scope. */
  readiness(options?: CallOptions): Promise<Readiness>
}

/**
 * A client of one installation with one API key, for Node and browsers.
 *
 * Methods take path parameters first, then the input, then options: `client.messages.get(id)`,
 * `client.messages.reschedule(id, { sendAt })`. Failures are thrown as `BulkheadError`. GET requests and requests with an
 * idempotency key (all that send have one) are tried again after 429, 503, a lost connection or a time-out.
 */
export function createClient(options: ClientOptions): Client {
  const transport = createTransport(options)
  return {
    ...createOperations(transport),
    readiness: (call) => readReadiness(transport, call),
  }
}
