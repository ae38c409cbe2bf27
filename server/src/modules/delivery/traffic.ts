import type { Limits, Overlays, Resolved, ResolveWanted } from '../shaping/index.ts'
import type { Source } from '../sources/index.ts'
import type { Traffic } from './dispatch.ts'
import type { Site } from './site/site.ts'

export interface TrafficDependencies {
  readonly rules: () => { resolve(wanted: ResolveWanted): Resolved }
  readonly overlays: Pick<Overlays, 'suspension' | 'suspensionsAt' | 'limits'>
  readonly nowMs: () => number
}

/** Limits are asked for several times per message; rules and overlays change within seconds. */
const KEEP_MS = 250
const PLACES_MAX = 20_000

/** The rules with what was learnt on top, for the places that the engine sends to. */
export function createTraffic(deps: TrafficDependencies): Traffic {
  const known = new Map<string, { readonly limits: Limits; readonly untilMs: number }>()

  return {
    limits(site, source) {
      const key = `${source.name} ${site.key}`
      const found = known.get(key)
      if (found !== undefined && found.untilMs > deps.nowMs()) return found.limits
      const { limits } = deps.rules().resolve({
        domain: site.domain,
        mxHosts: site.mxHosts,
        siteName: site.name,
        source: source.name,
      })
      const overlaid = deps.overlays.limits(placeOf(site, source), limits)
      if (known.size >= PLACES_MAX) known.clear()
      known.set(key, { limits: overlaid, untilMs: deps.nowMs() + KEEP_MS })
      return overlaid
    },
    suspension(site, source, { workspaceId, lane }) {
      const stop = deps.overlays.suspension({ ...placeOf(site, source), workspaceId })
      if (stop === null) return null
      const isForAll = deps.overlays
        .suspensionsAt(placeOf(site, source))
        .some((item) => item.workspaceId === null)
      // Critical mail is little, and somebody waits for it: what stops one workspace does not stop it.
      return lane === 'critical' && !isForAll
        ? null
        : { untilMs: stop.untilMs, reason: stop.reason, isForAll }
    },
    standing(site, source, workspaceId) {
      const stops = deps.overlays.suspensionsAt(placeOf(site, source))
      const isForAll = stops.some((stop) => stop.workspaceId === null)
      return isForAll || stops.some((stop) => stop.workspaceId === workspaceId) ? { isForAll } : null
    },
  }
}

/** As overlays name it: null is the default route. */
export function nameOf(source: Source): string | null {
  return source.ipv4 === undefined && source.ipv6 === undefined ? null : source.name
}

function placeOf(site: Site, source: Source) {
  return { site: site.name, provider: site.provider, source: nameOf(source) }
}
