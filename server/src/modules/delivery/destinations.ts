import type { Logger } from 'pino'
import { runLoop } from '../../platform/loop/index.ts'
import type { DeliveryStore, NotedSite } from './delivery-store.ts'
import type { Site } from './site/site.ts'

const WRITE_MS = 2_000
const BATCH = 500
/** What is known does not have to be written again for so long. */
const KNOWN_MS = 10 * 60_000
const KNOWN_MAX = 100_000

/**
 * Tells the database where destinations lead, so that people can name a site where the queue holds a hash. Written behind, in batches: a
 * destination that is new costs the engine nothing.
 */
export function createDestinations(deps: {
  readonly store: Pick<DeliveryStore, 'noteSites'>
  readonly log: Logger
  readonly nowMs: () => number
}) {
  const known = new Map<bigint, { readonly site: string; readonly atMs: number }>()
  let waiting = new Map<bigint, NotedSite>()

  async function write(): Promise<undefined> {
    const all = [...waiting.values()]
    waiting = new Map()
    for (let at = 0; at < all.length; at += BATCH) {
      const some = all.slice(at, at + BATCH)
      try {
        await deps.store.noteSites(some)
      } catch (error) {
        deps.log.debug({ err: error }, 'Where destinations lead could not be written; it is told again')
        for (const { destination } of some) known.delete(destination)
      }
    }
    return undefined
  }

  return {
    note(destination: bigint, site: Site): void {
      const before = known.get(destination)
      if (before !== undefined && before.site === site.name && before.atMs + KNOWN_MS > deps.nowMs()) return
      if (known.size >= KNOWN_MAX) known.clear()
      known.set(destination, { site: site.name, atMs: deps.nowMs() })
      waiting.set(destination, {
        destination,
        site: site.name,
        provider: site.provider,
        mxHosts: site.mxHosts,
        policy: site.policy,
      })
    },
    run: (signal: AbortSignal) =>
      runLoop({ name: 'where destinations lead', everyMs: WRITE_MS, signal, log: deps.log, round: write }),
  }
}
