import type { SourcePlan } from '../sources/index.ts'
import type { AutomationRule } from './automation.ts'
import { BUILT_IN, LIMIT_KEYS, withSettings } from './limits.ts'
import type { Limits } from './limits.ts'
import type { RulesModel } from './load-rules.ts'
import { EMPTY } from './read-layers.ts'
import type { Layer, Matcher, Placed, Provider } from './read-layers.ts'
import { siteNameOf } from './site-name.ts'

/** From the lowest to the highest: a later layer goes before an earlier one. */
export const LAYERS = [
  'built-in',
  'default',
  'provider',
  'site',
  'domain',
  'source',
  'provider+source',
  'site+source',
  'domain+source',
] as const
export type LayerName = (typeof LAYERS)[number]

/** Which layer decided a limit. */
export interface Because {
  /** As in the file; of a schedule with its lane: `retry.bulk`. */
  readonly key: string
  readonly value: string
  readonly layer: LayerName
  /** Where it was written, such as `shipped:12`; for what is built in `built-in`. */
  readonly rule: string
}

/** Where mail goes. */
export interface ResolveWanted {
  /** Of the recipient. */
  readonly domain: string
  /** In any order, lower case. */
  readonly mxHosts: readonly string[]
  /** As siteNameOf answers it; worked out where absent. */
  readonly siteName?: string
  /** Name of the source; null or absent: the default route. */
  readonly source?: string | null
}

export interface Resolved {
  readonly provider: string | null
  readonly site: string
  /** The limits hold for this domain alone, so that its mail may not share a queue with other domains of the site. */
  readonly ofDomain: boolean
  readonly limits: Limits
  /** One entry for each limit. */
  readonly because: readonly Because[]
}

export interface Rules {
  /** Never throws. Cheap: what was worked out is kept. */
  resolve(wanted: ResolveWanted): Resolved
  /** Tried in this order; the first that matches a reply decides. */
  readonly automation: readonly AutomationRule[]
  readonly providers: readonly string[]
  /** Where mail leaves from; for modules/sources. */
  readonly plan: SourcePlan
}

const KEPT_MAX = 5_000

interface Step {
  readonly name: LayerName
  /** Which table of the layer. */
  readonly of: string
  readonly layer: Layer
}

export function createRules(model: RulesModel): Rules {
  const providers = [...model.providers.values()]
  const kept = new Map<string, { limits: Limits; because: readonly Because[] }>()

  function stepsFor(found: Provider | null, site: string, domain: string, source: string): Step[] {
    const [ofSite, ofDomain] = [model.sites.get(site), model.domains.get(domain)]
    const steps: [LayerName, string, Layer | undefined][] = [
      ['default', '', model.base],
      ['provider', found?.name ?? '', found?.own],
      ['site', site, ofSite?.own],
      ['domain', domain, ofDomain?.own],
      ['source', source, model.sources.get(source)],
      ['provider+source', `${found?.name} ${source}`, found?.bySource.get(source)],
      ['site+source', `${site} ${source}`, ofSite?.bySource.get(source)],
      ['domain+source', `${domain} ${source}`, ofDomain?.bySource.get(source)],
    ]
    const present = steps.flatMap(([name, of, layer]) =>
      layer === undefined || layer === EMPTY ? [] : [{ name, of, layer }],
    )
    // `replace` of a layer leaves nothing below it but the default.
    const last = present.findLastIndex(({ name, layer }) => layer.replace && name !== 'default')
    return last < 0 ? present : present.filter(({ name }, at) => name === 'default' || at >= last)
  }

  return {
    automation: model.automation,
    providers: [...model.providers.keys()],
    plan: model.plan,
    resolve(wanted) {
      const domain = wanted.domain.toLowerCase()
      const site = wanted.siteName ?? siteNameOf(wanted.mxHosts)
      const found = providerOf(providers, domain, wanted.mxHosts)
      const steps = stepsFor(found?.provider ?? null, site, domain, wanted.source ?? 'default')
      const key = steps.map(({ name, of }) => `${name} ${of}`).join('\0')
      let result = kept.get(key)
      if (result === undefined) {
        if (kept.size >= KEPT_MAX) kept.clear()
        result = layered(steps)
        kept.set(key, result)
      }
      const ofDomain =
        found?.byDomain === true || steps.some(({ name }) => name === 'domain' || name === 'domain+source')
      return { provider: found?.provider.name ?? null, site, ofDomain, ...result }
    },
  }
}

/**
 * The provider of a site: every MX host is one of its hosts, or the domain is one of its domains. Of several the one that says it most
 * precisely: by domain before by host, by whole name before by suffix, by longer suffix before by shorter.
 */
function providerOf(
  providers: readonly Provider[],
  domain: string,
  mxHosts: readonly string[],
): { readonly provider: Provider; readonly byDomain: boolean } | null {
  let best: { readonly provider: Provider; readonly byDomain: boolean } | null = null
  let most = 0
  for (const provider of providers) {
    const ofDomain = precision(provider.matchers, 'domain', domain)
    const ofHosts = mxHosts.map((host) => precision(provider.matchers, 'host', host.toLowerCase()))
    const weight = ofDomain > 0 ? 10_000 + ofDomain : ofHosts.length === 0 ? 0 : Math.min(...ofHosts)
    if (weight === 0 || weight < most) continue
    most = weight
    best = { provider, byDomain: ofDomain > 0 }
  }
  return best
}

/** How precisely the matchers name a host or domain; 0: not at all. */
function precision(matchers: readonly Matcher[], what: 'host' | 'domain', name: string): number {
  let most = 0
  for (const matcher of matchers) {
    if ((matcher.kind === 'domain_suffix') !== (what === 'domain')) continue
    const isWhole = name === matcher.name
    if (isWhole ? false : matcher.kind === 'host' || !name.endsWith(`.${matcher.name}`)) continue
    most = Math.max(most, (isWhole ? 1_000 : 0) + matcher.name.length)
  }
  return most
}

function layered(steps: readonly Step[]): { limits: Limits; because: readonly Because[] } {
  const decided = new Map<string, Placed & { readonly layer: LayerName }>()
  for (const { name, layer } of steps)
    for (const placed of layer.settings) decided.set(placed.setting.key, { ...placed, layer: name })
  const limits = withSettings(
    BUILT_IN,
    [...decided.values()].map(({ setting }) => setting),
  )
  const because = LIMIT_KEYS.flatMap((key) => {
    const found = [...decided.values()].filter(
      ({ setting }) => setting.key === key.key || setting.key.startsWith(`${key.key}.`),
    )
    if (found.length === 0)
      return [{ key: key.key, value: key.show(BUILT_IN), layer: 'built-in' as const, rule: 'built-in' }]
    return found.map(({ setting, where, layer }) => ({
      key: setting.key,
      value: setting.shown,
      layer,
      rule: where,
    }))
  })
  return { limits, because }
}
