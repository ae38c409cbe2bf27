import type { Lane } from '../../kernel/lane.ts'
import { poolOfLane, type Source, type SourcePlan } from './plan.ts'
import type { Route } from './sources-store.ts'

/** Which pool's sources some mail may use here. `elsewhere`: other hosts have them. */
export type Candidates =
  | { readonly kind: 'here'; readonly pool: string; readonly sources: readonly Source[] }
  | { readonly kind: 'elsewhere'; readonly pool: string }
  | { readonly kind: 'nowhere'; readonly pool: string }

/** Pools by workspace and lane, as the operator set them. */
export function createRouting(routes: readonly Route[]): (workspaceId: string, lane: Lane) => string | null {
  const pools = new Map(routes.map((route) => [`${route.workspaceId} ${route.lane}`, route.pool]))
  return (workspaceId, lane) => pools.get(`${workspaceId} ${lane}`) ?? null
}

/**
 * The sources for a workspace's mail of a lane: those of its own pool, or of the lane's. A pool that the file has no more is as if it were not
 * set; one that no live host has a usable source of gives way to its fallback. So a source that was removed, or whose host is dead, keeps no
 * mail (that rows waited for ever for an address that was gone is a known defect of others).
 */
export function candidatesFor(
  plan: SourcePlan,
  routed: string | null,
  lane: Lane,
  isUsable: (source: Source) => boolean,
  pools: ReadonlySet<string>,
): Candidates {
  const isPool = (name: string): boolean => plan.pools.some((pool) => pool.name === name)
  const first = routed !== null && isPool(routed) ? routed : poolOfLane(plan, lane)
  const seen = new Set<string>()
  let name: string | null = first
  while (name !== null && !seen.has(name)) {
    seen.add(name)
    const pool: string = name
    const sources = plan.sources.filter((source) => source.pools.includes(pool) && isUsable(source))
    if (sources.length > 0) return { kind: 'here', pool, sources }
    if (pools.has(pool)) return { kind: 'elsewhere', pool }
    name = plan.pools.find((item) => item.name === pool)?.fallback ?? null
  }
  return { kind: 'nowhere', pool: first }
}
