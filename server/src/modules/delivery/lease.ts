import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { DeliveryStore } from './delivery-store.ts'

export const LEASE_SECONDS = 20
const RENEW_MS = 5_000
/** Stop pulling this long before the database would let others take the rows. */
const MARGIN_MS = 3_000

export interface Lease {
  readonly id: string
  /** False when the rows may be someone else's; nothing new is sent under it then. */
  isValid(): boolean
  /** Aborts when the database says that the lease is gone. */
  readonly lost: AbortSignal
  /** Stops renewing and gives all rows back. */
  release(): Promise<void>
}

/**
 * Opens a lease and keeps it. Its validity is judged by a monotonic clock from the moment before the renewal was asked for, so
 * a process that was stopped (SIGSTOP, a suspended machine) sends nothing when it wakes up behind its lease.
 */
export async function openLease(deps: {
  readonly store: DeliveryStore
  readonly processId: string
  readonly log: Logger
}): Promise<Lease> {
  const lost = new AbortController()
  const stopped = new AbortController()
  let validUntilMs = performance.now() + LEASE_SECONDS * 1_000 - MARGIN_MS
  const id = await deps.store.openLease(deps.processId, LEASE_SECONDS)

  async function keep(): Promise<void> {
    while (!stopped.signal.aborted) {
      await wait(RENEW_MS, undefined, { signal: stopped.signal, ref: false }).catch(() => undefined)
      if (stopped.signal.aborted) return
      const askedMs = performance.now()
      try {
        if (!(await deps.store.renewLease(id, LEASE_SECONDS))) {
          deps.log.warn(
            { lease: id },
            'The lease ran out and its rows went back; late results will be refused',
          )
          lost.abort()
          return
        }
        validUntilMs = askedMs + LEASE_SECONDS * 1_000 - MARGIN_MS
      } catch (error) {
        deps.log.warn({ err: error, lease: id }, 'The lease could not be renewed; trying again')
      }
    }
  }
  void keep()

  return {
    id,
    isValid: () => !lost.signal.aborted && performance.now() < validUntilMs,
    lost: lost.signal,
    async release() {
      stopped.abort()
      await deps.store.releaseLease(id)
    },
  }
}
