import { LIMIT_KEYS } from './limits.ts'
import type { Setting } from './limits.ts'
import { isTable, type Path, type Reader, type Table } from './reader.ts'
import { readSiteName } from './site-name.ts'

/** A setting and where it was written. */
export interface Placed {
  readonly setting: Setting
  readonly where: string
}

/** One table of limits: a layer as far as files have it. */
export interface Layer {
  /** Nothing of the same table in an earlier file counts, and nothing of lower layers but the default. */
  readonly replace: boolean
  readonly settings: readonly Placed[]
}

/** A layer and what it says for single sources. */
export interface SourcedLayer {
  readonly own: Layer
  readonly bySource: ReadonlyMap<string, Layer>
}

/** A provider is a set of servers: all MX hosts of a domain must be in it, or the domain itself. */
export interface Matcher {
  readonly kind: 'mx_suffix' | 'host' | 'domain_suffix'
  readonly name: string
}

export interface Provider extends SourcedLayer {
  readonly name: string
  readonly matchers: readonly Matcher[]
}

const NAMES_MAX = 2_000
const MATCHERS_MAX = 200
const MATCHER_KINDS = ['mx_suffix', 'host', 'domain_suffix'] as const
export const NAME = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/
const NAME_FIX = 'write 1 to 40 small letters, digits and hyphens'
/** What modules/sources calls sites without a provider. */
const RESERVED = 'other'

export const EMPTY: Layer = { replace: false, settings: [] }

/** The limits of one table; `others` are keys of it that mean something else. */
export function readLayer(reader: Reader, table: Table, path: Path, others: readonly string[]): Layer {
  reader.onlyKeys(table, path, [...LIMIT_KEYS.map((each) => each.key), 'replace', ...others])
  const settings: Placed[] = []
  for (const each of LIMIT_KEYS) {
    const value = table[each.key]
    if (value === undefined) continue
    const at = [...path, each.key]
    const read = each.read(value)
    if (read.ok) settings.push(...read.value.map((setting) => ({ setting, where: reader.where(at) })))
    else reader.note(at, read.problem, read.fix)
  }
  const replace = table['replace']
  if (replace !== undefined && typeof replace !== 'boolean')
    reader.note([...path, 'replace'], 'is neither true nor false', 'write replace = true')
  return { replace: replace === true, settings }
}

/** `[provider.NAME]`: its hosts and its limits. A provider of an earlier file needs no `match` again. */
export function readProviders(
  reader: Reader,
  value: unknown,
  known: readonly string[],
): Map<string, Provider> {
  const providers = new Map<string, Provider>()
  for (const [name, table, path] of named(reader, value, 'provider')) {
    if (!NAME.test(name) || name === RESERVED) {
      reader.note(
        path,
        'has a name that no provider can have',
        name === RESERVED ? 'write another' : NAME_FIX,
      )
      continue
    }
    const matchers = readMatchers(reader, table['match'], [...path, 'match'])
    if (table['match'] === undefined && !known.includes(name))
      reader.note(path, 'lacks its hosts', 'write match = [{ mx_suffix = "example.net" }]')
    providers.set(name, { name, matchers, ...readSourced(reader, table, path, ['match']) })
  }
  return providers
}

/** `[site."…"]`, by the name that siteNameOf answers. */
export function readSites(reader: Reader, value: unknown): Map<string, SourcedLayer> {
  const sites = new Map<string, SourcedLayer>()
  for (const [name, table, path] of named(reader, value, 'site')) {
    const site = readSiteName(name)
    if (site === null)
      reader.note(path, 'is no set of MX hosts', 'write it as bulkhead shaping resolve shows it, in quotes')
    else if (sites.has(site))
      reader.note(path, 'is there twice, written differently', 'put both into one table')
    else sites.set(site, readSourced(reader, table, path, []))
  }
  return sites
}

/** `[domain."…"]`, for mail to exactly this domain. */
export function readDomains(reader: Reader, value: unknown): Map<string, SourcedLayer> {
  const domains = new Map<string, SourcedLayer>()
  for (const [name, table, path] of named(reader, value, 'domain')) {
    const domain = readDomain(name)
    if (domain === null)
      reader.note(path, 'is no domain', 'write it as DNS has it, in quotes, such as "example.com"')
    else domains.set(domain, readSourced(reader, table, path, []))
  }
  return domains
}

/** `limits` of each `[[source]]`, by the source's name. */
export function readSourceLimits(reader: Reader, value: unknown): Map<string, Layer> {
  const sources = new Map<string, Layer>()
  if (!Array.isArray(value)) return sources
  for (const [at, each] of value.slice(0, NAMES_MAX).entries()) {
    if (!isTable(each) || typeof each['name'] !== 'string' || each['limits'] === undefined) continue
    const path = ['source', at, 'limits']
    const limits = reader.table(each['limits'], path)
    if (limits !== null) sources.set(each['name'], readLayer(reader, limits, path, []))
  }
  return sources
}

/** Lower case; null where it is no name in DNS. */
export function readDomain(text: string): string | null {
  const name = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase()
  if (/^\[[0-9a-z.:]{2,60}\]$/.test(name)) return name
  return name.length <= 253 && /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/.test(name) ? name : null
}

function readSourced(reader: Reader, table: Table, path: Path, others: readonly string[]): SourcedLayer {
  const own = readLayer(reader, table, path, [...others, 'source'])
  const bySource = new Map<string, Layer>()
  const sources = reader.table(table['source'], [...path, 'source']) ?? {}
  for (const [name, value] of Object.entries(sources).slice(0, NAMES_MAX)) {
    const at = [...path, 'source', name]
    const of = reader.table(value, at)
    if (of !== null) bySource.set(name, readLayer(reader, of, at, []))
  }
  return { own, bySource }
}

/** The tables of a table, with their paths. */
function named(reader: Reader, value: unknown, key: string): [name: string, table: Table, path: Path][] {
  const all = Object.entries(reader.table(value, [key]) ?? {})
  if (all.length > NAMES_MAX) reader.note([key], `has more than ${NAMES_MAX} tables`, 'remove some')
  return all.slice(0, NAMES_MAX).flatMap(([name, each]) => {
    const table = reader.table(each, [key, name])
    return table === null ? [] : [[name, table, [key, name]]]
  })
}

function readMatchers(reader: Reader, value: unknown, path: Path): Matcher[] {
  if (value === undefined) return []
  const fix =
    'write match = [{ mx_suffix = "example.net" }, { host = "mx.example.com" }, { domain_suffix = "example.org" }]'
  if (!Array.isArray(value) || value.length === 0 || value.length > MATCHERS_MAX) {
    reader.note(path, `is no list of 1 to ${MATCHERS_MAX} hosts`, fix)
    return []
  }
  return value.flatMap((each: unknown, at) => {
    const place = [...path, at]
    const [entry, more] = isTable(each) ? Object.entries(each) : []
    const kind = MATCHER_KINDS.find((known) => known === entry?.[0])
    if (entry === undefined || more !== undefined || kind === undefined) {
      reader.note(place, `is none of { ${MATCHER_KINDS.join(' = … }, { ')} = … }`, fix)
      return []
    }
    const text = typeof entry[1] === 'string' ? entry[1] : ''
    const name = readDomain(text.startsWith('.') ? text.slice(1) : text)
    if (name === null || name.startsWith('[')) {
      reader.note(place, 'names no host or domain', fix)
      return []
    }
    if (kind !== 'host' && !name.includes('.')) {
      reader.note(place, 'is a whole top-level domain', 'name at least two labels, such as "example.net"')
      return []
    }
    return [{ kind, name }]
  })
}
