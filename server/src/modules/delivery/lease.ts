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
 * Opens a lease and keeps it. Its validity is judged from the moment before the renewal was asked for, by a monotonic clock and by that of
 * the day, whichever is further: the first does not count while a machine is suspended, the second may be set back. So
 * a process that was stopped (SIGSTOP, a suspended machine) sends nothing when it wakes up behind its lease.
 */
export async function openLease(deps: {
  readonly store: DeliveryStore
  readonly processId: string
  readonly log: Logger
}): Promise<Lease> {
  const lost = new AbortController()
  const stopped = new AbortController()
  let validUntil = endOf(performance.now(), Date.now())
  const id = await deps.store.openLease(deps.processId, LEASE_SECONDS)

  async function keep(): Promise<void> {
    while (!stopped.signal.aborted) {
      await wait(RENEW_MS, undefined, { signal: stopped.signal, ref: false }).catch(() => undefined)
      if (stopped.signal.aborted) return
      const asked = endOf(performance.now(), Date.now())
      try {
        if (!(await deps.store.renewLease(id, LEASE_SECONDS))) {
          deps.log.warn(
            { lease: id },
            'The lease ran out and its rows went back; late results will be refused',
          )
          lost.abort()
          return
        }
        validUntil = asked
      } catch (error) {
        deps.log.warn({ err: error, lease: id }, 'The lease could not be renewed; trying again')
      }
    }
  }
  void keep()

  return {
    id,
    isValid: () =>
      !lost.signal.aborted && performance.now() < validUntil.steadyMs && Date.now() < validUntil.dayMs,
    lost: lost.signal,
    async release() {
      stopped.abort()
      await deps.store.releaseLease(id)
    },
  }
}

function endOf(steadyMs: number, dayMs: number) {
  const lifeMs = LEASE_SECONDS * 1_000 - MARGIN_MS
  return { steadyMs: steadyMs + lifeMs, dayMs: dayMs + lifeMs }
}
