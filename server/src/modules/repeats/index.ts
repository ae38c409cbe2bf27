/**
 * Repetitions of requests that send: a client that tries again after an answer it did not get says so in `X-Retry-Count`, and nothing is
 * sent twice. For doors, whose vendors know no Idempotency-Key.
 *
 * Table owned: door_request, through functions of the engine. Invariants: a request is remembered before anything of it is accepted; of its
 * content only a hash is kept that cannot be tested without the secret of the API key; equal requests that do not say that they repeat one are
 * two.
 */
export { createRepeats } from './repeats.ts'
export type { Repeats } from './repeats.ts'
