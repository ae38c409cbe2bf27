import type { Limits } from '../../shaping/index.ts'
import type { Budgets, Source } from '../../sources/index.ts'
import {
  createProviderControl,
  createSiteControl,
  createSourceControl,
  type ProviderControl,
  type SiteControl,
} from './control.ts'
import type { SiteDispatcher } from './site-dispatcher.ts'
import type { Site } from './site.ts'

/** What of a site counts against the limits that it has in common with others. */
export interface GroupMember {
  readonly dispatchers: ReadonlyMap<string, SiteDispatcher>
}

/**
 * Sites that limits hold for together: the same hosts in another order or under another policy are the same servers, and two full
 * limits would be twice what they take.
 */
export interface Group {
  readonly control: SiteControl
  readonly provider: ProviderControl | null
  /** The limits of one source: stricter ones of its own beside those of the site. */
  controlOf(source: Source): SiteControl
  /** Connections to all of its sites. */
  connections(): number
  /** Who has critical mail that could go; null: nobody. */
  urgent(): SiteDispatcher | null
  /** The site as it was resolved last. */
  renew(site: Site): void
  join(member: GroupMember): void
  leave(member: GroupMember): void
}

export interface GroupsDependencies {
  readonly budgets: { share: Budgets['share'] }
  /** The one whose limits are the site's. */
  readonly ownSource: Source
  readonly nowMs: () => number
  limitsOf(site: Site, source: Source): Limits
}

/** Keeps what sites have in common for as long as one of them is known. */
export function createGroups(deps: GroupsDependencies): { of(site: Site): Group } {
  const { nowMs } = deps
  const groups = new Map<string, Group>()
  const providers = new Map<string, ProviderControl>()

  function providerOf(name: string, site: Site): ProviderControl {
    const known = providers.get(name)
    if (known !== undefined) return known
    const made = createProviderControl({
      provider: name,
      limits: () => deps.limitsOf(site, deps.ownSource),
      budgets: deps.budgets,
      nowMs,
    })
    providers.set(name, made)
    return made
  }

  function make(first: Site): Group {
    const name = first.limitsName
    let site = first
    const members = new Set<GroupMember>()
    const controls = new Map<string, SiteControl>()
    const siteLimits = (): Limits => deps.limitsOf(site, deps.ownSource)
    // Limits of a relay of ours hold for this sender alone.
    const budgets = first.limits === null ? deps.budgets : null
    const provider =
      first.provider === null || first.limits !== null ? null : providerOf(first.provider, first)
    const control = createSiteControl({ name, limits: siteLimits, budgets, nowMs }, provider)

    function connections(source?: string): number {
      let count = 0
      for (const { dispatchers } of members)
        for (const dispatcher of dispatchers.values())
          if (source === undefined || dispatcher.source === source) count += dispatcher.connections()
      return count
    }

    return {
      control,
      provider,
      controlOf(source) {
        if (source.name === deps.ownSource.name) return control
        const known = controls.get(source.name)
        if (known !== undefined) return known
        const made = createSourceControl(
          {
            name,
            source: source.name,
            limits: () => deps.limitsOf(site, source),
            siteLimits,
            open: () => connections(source.name),
            budgets,
            nowMs,
          },
          control,
        )
        controls.set(source.name, made)
        return made
      },
      connections: () => connections(),
      urgent() {
        for (const { dispatchers } of members)
          for (const dispatcher of dispatchers.values()) if (dispatcher.isUrgent()) return dispatcher
        return null
      },
      renew(next) {
        site = next
      },
      join: (member) => void members.add(member),
      leave(member) {
        members.delete(member)
        if (members.size === 0) groups.delete(name)
      },
    }
  }

  return {
    of(site) {
      const known = groups.get(site.limitsName)
      if (known !== undefined) return known
      const made = make(site)
      groups.set(site.limitsName, made)
      return made
    },
  }
}
