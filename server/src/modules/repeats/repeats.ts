import { createHmac } from 'node:crypto'
import { faultOfFailure } from '../../platform/failures.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import { beginRequest } from './repeats-store.ts'

/** Clients repeat within a minute or two; the longest time-out of an SDK is five minutes (Mandrill's). */
const KEPT_SECONDS = 600

export interface SentRequest {
  readonly workspaceId: string
  /** The secret that it showed. */
  readonly secret: string
  /** Method and path. */
  readonly call: string
  readonly body: Buffer
  /** `X-Retry-Count` as it came. */
  readonly retryCount: string | undefined
}

export interface Repeats {
  /**
   * What stands for the Idempotency-Key of a request: that of the last equal one of the same key in ten minutes where this one says that it
   * repeats it, else a new one. Throws `unavailable` while the database is away.
   */
  keyOf(request: SentRequest): Promise<string>
}

/** `X-Retry-Count: 1` and above say that this is a repetition; clients of Customer.io send it. */
export function isRepetition(retryCount: string | undefined): boolean {
  return retryCount !== undefined && /^0*[1-9]\d{0,8}$/.test(retryCount.trim())
}

/** Remembers requests that send. */
export function createRepeats(deps: { readonly pool: Queryable; readonly newId: () => string }): Repeats {
  return {
    async keyOf({ workspaceId, secret, call, body, retryCount }) {
      const hash = createHmac('sha256', secret).update(call).update('\n').update(body).digest()
      const id = await beginRequest(deps.pool, {
        workspaceId,
        hash,
        freshId: deps.newId(),
        isRepetition: isRepetition(retryCount),
        keptSeconds: KEPT_SECONDS,
      }).catch((error: unknown) => {
        throw faultOfFailure(error)
      })
      return `repeats/${id}`
    },
  }
}
