import type { Logger } from 'pino'
import type { SmtpOutcome, SmtpOutcomeInfo, SmtpTimeouts } from '../../platform/smtp/client/index.ts'
import type { Job } from './job.ts'
import { createSiteDispatcher, type SiteDispatcher } from './site-dispatcher.ts'
import type { Resolution } from './sites.ts'

export interface DispatchDependencies {
  readonly log: Logger
  readonly findSite: (domain: string) => Promise<Resolution>
  readonly ehloName: string
  readonly retryScale: number
  readonly timeouts?: Partial<SmtpTimeouts>
  readonly nowMs: () => number
  mayPull(): boolean
  mayAttempt(job: Job): boolean
  beforeFinalDot(job: Job): void
  onOutcome(job: Job, outcome: Exclude<SmtpOutcome, { kind: 'unattempted' }>, info: SmtpOutcomeInfo): void
  onUnreachable(job: Job, cause: string, untilMs: number): void
  onNoRoute(job: Job, resolution: Exclude<Resolution, { kind: 'site' }>): void
}

/** A site with so many waiting jobs is not given more; its rows stay in the queue for whoever has room. */
const SITE_READY_MAX = 300
const CLOSE_MS = 6_000
const SWEEP_MS = 1_000

/** Routes jobs to sites and keeps a dispatcher per site. */
export function createDispatch(deps: DispatchDependencies) {
  const sites = new Map<string, SiteDispatcher>()
  /** Which site a destination led to, so that claims can leave out what is saturated. */
  const destinations = new Map<bigint, string>()
  const routing = new Set<Job>()

  function push(job: Job): void {
    routing.add(job)
    deps
      .findSite(job.domain)
      .catch((error: unknown): Resolution => {
        deps.log.error({ err: error }, 'A route could not be found')
        return { kind: 'defer', enhanced: '4.4.3', reason: 'no route could be found' }
      })
      .then((resolution) => {
        if (!routing.delete(job)) return
        if (resolution.kind !== 'site') {
          deps.onNoRoute(job, resolution)
          return
        }
        if (destinations.size > 50_000) destinations.clear()
        destinations.set(job.row.destination, resolution.site.key)
        const dispatcher = sites.get(resolution.site.key) ?? openSite(resolution.site)
        dispatcher.renew(resolution.site)
        dispatcher.push(job)
      })
      .catch((error: unknown) => deps.log.error({ err: error }, 'A job could not be dispatched'))
  }

  function openSite(site: Extract<Resolution, { kind: 'site' }>['site']): SiteDispatcher {
    const dispatcher = createSiteDispatcher({ ...deps, site })
    sites.set(site.key, dispatcher)
    return dispatcher
  }

  // A lease that becomes valid again, or hosts that rested, are noticed here.
  const sweep = setInterval(() => {
    for (const [key, dispatcher] of sites) {
      dispatcher.feed()
      if (dispatcher.isForgettable()) sites.delete(key)
    }
  }, SWEEP_MS)
  sweep.unref()

  function takeWaiting(): Job[] {
    const jobs = [...routing, ...[...sites.values()].flatMap((dispatcher) => dispatcher.takeWaiting())]
    routing.clear()
    return jobs
  }

  return {
    push,
    takeWaiting,
    /** Destinations whose site has enough to do or rests; at most 500, the rest is found out one by one. */
    saturated(): bigint[] {
      const full = new Set(
        [...sites].filter(([, d]) => d.ready() >= SITE_READY_MAX || d.isResting()).map(([key]) => key),
      )
      if (full.size === 0) return []
      const result: bigint[] = []
      for (const [destination, key] of destinations) {
        if (full.has(key) && result.push(destination) >= 500) break
      }
      return result
    },
    state: () => ({
      sites: sites.size,
      connections: [...sites.values()].reduce((sum, d) => sum + d.connections(), 0),
      ready: [...sites.values()].reduce((sum, d) => sum + d.ready(), 0),
    }),
    /** Ends politely: what is in flight gets its reply, within 6 s; then connections are cut and their messages are uncertain. */
    async close(): Promise<void> {
      clearInterval(sweep)
      routing.clear()
      for (const dispatcher of sites.values()) dispatcher.close()
      const deadline = performance.now() + CLOSE_MS
      while ([...sites.values()].some((d) => d.connections() > 0) && performance.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      for (const dispatcher of sites.values()) dispatcher.destroy('the sender stops')
    },
  }
}

export type Dispatch = ReturnType<typeof createDispatch>
