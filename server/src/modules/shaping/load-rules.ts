import { parseToml } from '../../platform/toml/index.ts'
import { implicitPlan, readPlan } from '../sources/index.ts'
import type { SourcePlan, SourceTables } from '../sources/index.ts'
import type { AutomationRule } from './automation.ts'
import { readAutomation } from './read-automation.ts'
import { readDomains, readLayer, readProviders, readSites, readSourceLimits } from './read-layers.ts'
import { EMPTY } from './read-layers.ts'
import type { Layer, Provider, SourcedLayer } from './read-layers.ts'
import { nearest } from './nearest.ts'
import { createReader, isTable } from './reader.ts'
import type { Reader, RulesProblem, Table } from './reader.ts'
import { createRules } from './rules.ts'
import type { Rules } from './rules.ts'

/** One file of rules. */
export interface RulesText {
  /** As problems and reasons name it: `shipped`, or the file's name. */
  readonly name: string
  readonly text: string
}

export type LoadedRules =
  | { readonly ok: true; readonly rules: Rules }
  | { readonly ok: false; readonly problems: readonly RulesProblem[] }

export interface LoadOptions {
  /** What sources without a name of their own call themselves in EHLO: BULKHEAD_HOSTNAME. Default `localhost`. */
  readonly hostname?: string
}

/** Everything that the files say together. */
export interface RulesModel {
  readonly base: Layer
  readonly providers: ReadonlyMap<string, Provider>
  readonly sites: ReadonlyMap<string, SourcedLayer>
  readonly domains: ReadonlyMap<string, SourcedLayer>
  readonly sources: ReadonlyMap<string, Layer>
  readonly automation: readonly AutomationRule[]
  /** `[[source]]`, `[[pool]]` and `[[warm_up]]` of the last file that has any of them. */
  readonly plan: SourcePlan
}

const TABLES = ['default', 'provider', 'site', 'domain', 'automation', 'source', 'pool', 'warm_up'] as const

/**
 * Rules from files, each on top of those before it. All problems of all files are answered, not only the first; with one problem there
 * are no rules. Never throws, whatever the texts hold; time and memory are bounded by the size of a file, at most 512 KiB.
 */
export function loadRules(files: readonly RulesText[], options: LoadOptions = {}): LoadedRules {
  const problems: RulesProblem[] = []
  const hostname = options.hostname ?? 'localhost'
  let model: RulesModel = {
    base: EMPTY,
    providers: new Map(),
    sites: new Map(),
    domains: new Map(),
    sources: new Map(),
    automation: [],
    plan: implicitPlan(hostname),
  }
  for (const { name, text } of files) {
    const parsed = parseToml(text)
    if (!parsed.ok) {
      const fix = 'see https://toml.io; bulkhead shaping check FILE says whether a file is well formed'
      problems.push({ file: name, line: parsed.line, field: '', problem: parsed.problem, fix })
      continue
    }
    const reader = createReader(name, parsed.file)
    model = readFile(reader, parsed.file.table, model, hostname)
    problems.push(...reader.problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0)))
  }
  return problems.length === 0 ? { ok: true, rules: createRules(model) } : { ok: false, problems }
}

function readFile(reader: Reader, table: Table, below: RulesModel, hostname: string): RulesModel {
  reader.onlyKeys(table, [], TABLES)
  const base = reader.table(table['default'], ['default'])
  const own = {
    provider: readProviders(reader, table['provider'], [...below.providers.keys()]),
    site: readSites(reader, table['site']),
    domain: readDomains(reader, table['domain']),
  }
  const providers = mergeProviders(below.providers, own.provider)
  const automation = readAutomation(reader, table['automation'], [...providers.keys()])
  const plan = hasSources(table) ? readSources(reader, table, hostname, [...providers.keys()]) : null
  const model: RulesModel = {
    base: base === null ? below.base : stacked(below.base, readLayer(reader, base, ['default'], [])),
    providers,
    sites: mergeSourced(below.sites, own.site),
    domains: mergeSourced(below.domains, own.domain),
    sources: merge(below.sources, readSourceLimits(reader, table['source']), stacked),
    automation: [
      // What the operator writes is asked before what is shipped.
      ...[...automation.values()].filter((rule) => rule !== null),
      ...below.automation.filter((rule) => !automation.has(rule.name)),
    ],
    plan: plan ?? below.plan,
  }
  checkSourceNames(reader, own, model.plan)
  return model
}

function hasSources(table: Table): boolean {
  return table['source'] !== undefined || table['pool'] !== undefined || table['warm_up'] !== undefined
}

/** The plan of sources; null, and noted, where something is wrong with it. `limits` of a source are a layer of ours. */
function readSources(
  reader: Reader,
  table: Table,
  hostname: string,
  providers: readonly string[],
): SourcePlan | null {
  const source = table['source']
  const withoutLimits = Array.isArray(source)
    ? source.map((each: unknown) =>
        isTable(each) ? Object.fromEntries(Object.entries(each).filter(([key]) => key !== 'limits')) : each,
      )
    : source
  const tables: SourceTables = { source: withoutLimits, pool: table['pool'], warm_up: table['warm_up'] }
  const result = readPlan(tables, { hostname, providers })
  if (result.ok) return result.plan
  for (const { table: name, index, key, problem, fix } of result.problems)
    reader.note([name, ...(index === null ? [] : [index]), ...(key === null ? [] : [key])], problem, fix)
  return null
}

/** `[provider.google.source.ip1]` where there is no ip1 would never hold. */
function checkSourceNames(
  reader: Reader,
  layers: Readonly<Record<'provider' | 'site' | 'domain', ReadonlyMap<string, SourcedLayer>>>,
  plan: SourcePlan,
): void {
  const known = plan.sources.map((source) => source.name)
  for (const [kind, byName] of Object.entries(layers)) {
    for (const [name, layer] of byName) {
      for (const source of layer.bySource.keys()) {
        if (known.includes(source)) continue
        const meant = nearest(source, known)
        reader.note(
          [kind, name, 'source', source],
          'names a source that is not there',
          meant === null
            ? 'add a [[source]] of that name'
            : `write ${meant}, or add a [[source]] of that name`,
        )
      }
    }
  }
}

/** The same table of two files. */
function stacked(lower: Layer, upper: Layer): Layer {
  if (upper.replace) return upper
  const keys = new Set(upper.settings.map(({ setting }) => setting.key))
  return {
    replace: lower.replace,
    settings: [...lower.settings.filter(({ setting }) => !keys.has(setting.key)), ...upper.settings],
  }
}

function stackedSourced(lower: SourcedLayer, upper: SourcedLayer): SourcedLayer {
  return {
    own: stacked(lower.own, upper.own),
    bySource: merge(upper.own.replace ? new Map() : lower.bySource, upper.bySource, stacked),
  }
}

function mergeSourced(
  lower: ReadonlyMap<string, SourcedLayer>,
  upper: ReadonlyMap<string, SourcedLayer>,
): ReadonlyMap<string, SourcedLayer> {
  return merge(lower, upper, stackedSourced)
}

function mergeProviders(
  lower: ReadonlyMap<string, Provider>,
  upper: ReadonlyMap<string, Provider>,
): ReadonlyMap<string, Provider> {
  return merge(lower, upper, (below, above) => ({
    name: above.name,
    matchers: above.matchers.length > 0 ? above.matchers : below.matchers,
    ...stackedSourced(below, above),
  }))
}

function merge<T>(
  lower: ReadonlyMap<string, T>,
  upper: ReadonlyMap<string, T>,
  both: (below: T, above: T) => T,
): ReadonlyMap<string, T> {
  const result = new Map(lower)
  for (const [name, above] of upper) {
    const below = lower.get(name)
    result.set(name, below === undefined ? above : both(below, above))
  }
  return result
}
