import type { Lane } from '../../kernel/lane.ts'

/** The pool of mail whose workspace and lane name none. */
export const DEFAULT_POOL = 'default'
/** The provider of sites that belong to none. */
export const OTHER_PROVIDER = 'other'
/** In `[[warm_up]]`: each provider by itself, and what belongs to none together. */
export const EVERY_PROVIDER = '*'

/** Where connections come from: one identity towards other servers. */
export interface Source {
  readonly name: string
  /** One address of each family at most, in shortest form. Both absent: whatever address the host's routes choose. */
  readonly ipv4?: string
  readonly ipv6?: string
  /** What it calls itself in EHLO: a host name, lower case. */
  readonly ehloName: string
  /** Its part of its pools' mail, relative to the others; 1 to 1,000. */
  readonly weight: number
  readonly pools: readonly string[]
}

/** A group of sources that share work. */
export interface SourcePool {
  readonly name: string
  /** Lanes whose mail uses this pool where the workspace has none of its own for them. */
  readonly lanes: readonly Lane[]
  /** Where mail goes while no live host has a usable source of this pool; null: it waits. */
  readonly fallback: string | null
}

/** A source is new to a provider. */
export interface WarmUp {
  readonly source: string
  /** A provider's name, OTHER_PROVIDER or EVERY_PROVIDER; the exact name goes before EVERY_PROVIDER. */
  readonly provider: string
  /** First day, `2026-11-30`, UTC. Before it the source sends nothing there. */
  readonly start: string
  /** Messages per day from the first day on; after the last one the source is warm. */
  readonly ramp: readonly number[]
}

/** What the file says of sources, checked: references lead somewhere and the default pool has a source. */
export interface SourcePlan {
  readonly sources: readonly Source[]
  readonly pools: readonly SourcePool[]
  readonly warmUps: readonly WarmUp[]
}

/**
 * The tables as a TOML parser answers them: `[[source]]`, `[[pool]]`, `[[warm_up]]`; absent ones are undefined. Dates may be Date objects
 * whose `toISOString` answers `2026-11-30` or begins with it.
 */
export interface SourceTables {
  readonly source?: unknown
  readonly pool?: unknown
  readonly warm_up?: unknown
}

/** What is wrong with a table. */
export interface PlanProblem {
  readonly table: 'source' | 'pool' | 'warm_up'
  /** Which of the tables of that name, from 0; null: all of them. */
  readonly index: number | null
  /** Which key in it; null: the table as such. */
  readonly key: string | null
  readonly problem: string
  readonly fix: string
}

export type PlanResult =
  | { readonly ok: true; readonly plan: SourcePlan }
  | { readonly ok: false; readonly problems: readonly PlanProblem[] }

/** The plan of a file that names no source: the host's own routes, under the installation's name. */
export function implicitPlan(hostname: string): SourcePlan {
  return {
    sources: [{ name: 'default', ehloName: hostname, weight: 1, pools: [DEFAULT_POOL] }],
    pools: [{ name: DEFAULT_POOL, lanes: [], fallback: null }],
    warmUps: [],
  }
}

/** The warm-up of a source at a provider; null where it is warm. */
export function warmUpOf(plan: SourcePlan, source: string, provider: string): WarmUp | null {
  const own = plan.warmUps.filter((item) => item.source === source)
  return (
    own.find((item) => item.provider === provider) ??
    own.find((item) => item.provider === EVERY_PROVIDER) ??
    null
  )
}

/** The pool of a lane where the workspace has no other. */
export function poolOfLane(plan: SourcePlan, lane: Lane): string {
  return plan.pools.find((pool) => pool.lanes.includes(lane))?.name ?? DEFAULT_POOL
}

/** What to bind a socket to for a target of this family. `unsuitable`: the source has an address, but none of this family. */
export function localAddressOf(
  source: Pick<Source, 'ipv4' | 'ipv6'>,
  family: 4 | 6,
):
  | { readonly kind: 'any' }
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'unsuitable' } {
  if (source.ipv4 === undefined && source.ipv6 === undefined) return { kind: 'any' }
  const address = family === 4 ? source.ipv4 : source.ipv6
  return address === undefined ? { kind: 'unsuitable' } : { kind: 'address', address }
}
