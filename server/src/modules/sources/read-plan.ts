import { parseDomain } from '../../kernel/email-address.ts'
import { LANES, type Lane } from '../../kernel/lane.ts'
import { isAddress, normaliseAddress } from '../../platform/networks/index.ts'
import { DEFAULT_POOL, EVERY_PROVIDER, implicitPlan } from './plan.ts'
import type { PlanProblem, PlanResult, Source, SourcePool, SourceTables, WarmUp } from './plan.ts'
import { RAMP_DAYS_MAX, RAMP_MESSAGES_MAX, STANDARD_RAMP, growingRamp } from './ramp.ts'

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/
const NAME_FIX = 'Write up to 63 of a-z, 0-9, ".", "_" and "-", such as "ip1".'
const SOURCES_MAX = 256
const POOLS_MAX = 64
const WARM_UPS_MAX = 1_000
const WEIGHT_MAX = 1_000

type Fields = Readonly<Record<string, unknown>>

/** Says what is wrong with the table that is read. */
type Complain = (key: string | null, problem: string, fix: string) => void

/**
 * Checks `[[source]]`, `[[pool]]` and `[[warm_up]]` of a file and makes them a plan. Answers all problems, not only the first. A file without
 * `[[source]]` has one, `default`: the host's own routes under the name of the installation.
 */
export function readPlan(
  tables: SourceTables,
  defaults: { readonly hostname: string; readonly providers?: readonly string[] },
): PlanResult {
  const problems: PlanProblem[] = []
  const implicit = implicitPlan(defaults.hostname)
  const read = <T>(
    table: PlanProblem['table'],
    max: number,
    keys: readonly string[],
    one: (fields: Fields, complain: Complain) => T | null,
  ): { readonly index: number; readonly value: T }[] =>
    rowsOf(tables[table], table, max, problems).flatMap(({ index, fields }) => {
      const complain: Complain = (key, problem, fix) => problems.push({ table, index, key, problem, fix })
      for (const key of Object.keys(fields))
        if (!keys.includes(key)) complain(key, 'is not known here', `Known are ${keys.join(', ')}.`)
      const value = one(fields, complain)
      return value === null ? [] : [{ index, value }]
    })

  const sourceRows = read(
    'source',
    SOURCES_MAX,
    ['name', 'address', 'addresses', 'ehlo', 'weight', 'pools'],
    (fields, complain) => readSource(fields, defaults.hostname, complain),
  )
  const poolRows = read('pool', POOLS_MAX, ['name', 'lanes', 'fallback'], readPool)
  const warmUpRows = read('warm_up', WARM_UPS_MAX, ['source', 'provider', 'start', 'ramp'], readWarmUp)

  const sources = tables.source === undefined ? implicit.sources : sourceRows.map((row) => row.value)
  const inPools = new Set(sources.flatMap((source) => source.pools))
  checkSources(sourceRows, problems)
  if (problems.length === 0 && !inPools.has(DEFAULT_POOL)) {
    problems.push({
      table: 'source',
      index: null,
      key: 'pools',
      problem: `no source is in the pool "${DEFAULT_POOL}"`,
      fix: `Mail that names no pool uses it: put "${DEFAULT_POOL}" into the pools of a source, or leave its pools out.`,
    })
  }
  checkPools(poolRows, inPools, problems)
  checkWarmUps(warmUpRows, new Set(sources.map((source) => source.name)), defaults.providers, problems)
  if (problems.length > 0) return { ok: false, problems }

  const named = poolRows.map((row) => row.value)
  const unnamed = [...inPools]
    .filter((name) => !named.some((pool) => pool.name === name))
    .map((name): SourcePool => ({ name, lanes: [], fallback: name === DEFAULT_POOL ? null : DEFAULT_POOL }))
  return {
    ok: true,
    plan: { sources, pools: [...named, ...unnamed], warmUps: warmUpRows.map((row) => row.value) },
  }
}

type Row<T> = { readonly index: number; readonly value: T }

function readSource(fields: Fields, hostname: string, complain: Complain): Source | null {
  const name = nameAt(fields, 'name', complain)
  const addresses = addressesOf(fields, complain)
  // The installation's name was checked with the settings; in development it may be localhost.
  const ehloName = fields['ehlo'] === undefined ? hostname : hostNameOf(fields['ehlo'], complain)
  const weight = fields['weight'] ?? 1
  if (!isWhole(weight, 1, WEIGHT_MAX))
    complain('weight', 'is not a weight', `Write a whole number from 1 to ${WEIGHT_MAX}.`)
  const pools = fields['pools'] ?? [DEFAULT_POOL]
  if (!isNames(pools) || pools.length === 0 || pools.length > POOLS_MAX)
    complain('pools', 'is not a list of pools', 'Write a list of names, such as ["default", "newsletters"].')
  if (name === null || addresses === null || ehloName === null) return null
  if (!isWhole(weight, 1, WEIGHT_MAX) || !isNames(pools)) return null
  return { name, ...addresses, ehloName, weight, pools: [...new Set(pools)] }
}

function addressesOf(fields: Fields, complain: Complain): Pick<Source, 'ipv4' | 'ipv6'> | null {
  if (fields['address'] !== undefined && fields['addresses'] !== undefined) {
    complain('addresses', 'stands beside address', 'Write one of the two.')
    return null
  }
  const key = fields['address'] === undefined ? 'addresses' : 'address'
  const given = fields[key] ?? []
  const found: { ipv4?: string; ipv6?: string } = {}
  for (const item of Array.isArray(given) ? given : [given]) {
    if (typeof item !== 'string' || !isAddress(item) || item.includes('%')) {
      complain(key, 'is not an IP address', 'Write 192.0.2.1, or one IPv4 and one IPv6 address in a list.')
      return null
    }
    const address = normaliseAddress(item)
    const family = address.includes(':') ? 'ipv6' : 'ipv4'
    if (found[family] !== undefined) {
      complain(key, 'has two addresses of one family', 'Write a source for each: reputation is by address.')
      return null
    }
    found[family] = address
  }
  return found
}

function hostNameOf(value: unknown, complain: Complain): string | null {
  const parsed = typeof value === 'string' && value.length <= 253 ? parseDomain(value) : null
  if (parsed?.ok === true) return parsed.domain
  complain(
    'ehlo',
    'is not a host name',
    "Write the name that the address's PTR record has, such as out1.example.net.",
  )
  return null
}

function readPool(fields: Fields, complain: Complain): SourcePool | null {
  const name = nameAt(fields, 'name', complain)
  const lanes = fields['lanes'] ?? []
  if (!isLanes(lanes)) complain('lanes', 'is not a list of lanes', `Lanes are ${LANES.join(', ')}.`)
  const fallback = fields['fallback'] ?? (name === DEFAULT_POOL ? false : DEFAULT_POOL)
  if (fallback !== false && !isName(fallback))
    complain('fallback', 'is not a pool', 'Write the name of a pool, or false for mail that had better wait.')
  if (name === null || !isLanes(lanes) || (fallback !== false && !isName(fallback))) return null
  return { name, lanes: [...new Set(lanes)], fallback: fallback === false ? null : fallback }
}

function readWarmUp(fields: Fields, complain: Complain): WarmUp | null {
  const source = nameAt(fields, 'source', complain)
  const provider = fields['provider'] ?? EVERY_PROVIDER
  const isProvider = provider === EVERY_PROVIDER || isName(provider)
  if (!isProvider)
    complain('provider', 'is not a provider', 'Write a name from the shaping rules, or "*" for every one.')
  const start = dayOf(fields['start'])
  if (start === null) complain('start', 'is not a day', 'Write the first day, such as 2026-11-30 (UTC).')
  const ramp = rampOf(fields['ramp'] ?? 'standard')
  if (ramp === null)
    complain(
      'ramp',
      'is not a ramp',
      'Write "standard", a list of messages per day such as [50, 100, 200], or { first = 50, factor = 2, last = 100000 }.',
    )
  if (source === null || start === null || ramp === null || !isProvider) return null
  return { source, provider, start, ramp }
}

function rampOf(value: unknown): readonly number[] | null {
  if (value === 'standard') return STANDARD_RAMP
  if (Array.isArray(value)) {
    const isRamp = value.length > 0 && value.length <= RAMP_DAYS_MAX && value.every(isMessages)
    return isRamp ? value.filter(isMessages) : null
  }
  if (!isFields(value) || Object.keys(value).some((key) => !['first', 'factor', 'last'].includes(key)))
    return null
  const { first, factor = 2, last } = value
  if (!isMessages(first) || !isMessages(last) || last < first) return null
  if (typeof factor !== 'number' || !(factor >= 1.05) || factor > 10) return null
  return growingRamp(first, factor, last)
}

function dayOf(value: unknown): string | null {
  let text = value
  if (value instanceof Date) text = Number.isNaN(value.getTime()) ? null : value.toISOString().slice(0, 10)
  if (typeof text !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(text)) return null
  const parsed = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(text) ? text : null
}

function checkSources(rows: readonly Row<Source>[], problems: PlanProblem[]): void {
  const seen = new Map<string, string>()
  for (const { index, value } of rows) {
    const own = [value.ipv4, value.ipv6].filter((item) => item !== undefined)
    const claims = [
      ['name', value.name],
      ...(own.length === 0 ? ['no address'] : own).map((item) => ['address', item]),
    ]
    for (const [key = '', claim = ''] of claims) {
      const other = seen.get(`${key} ${claim}`)
      if (other === undefined) {
        seen.set(`${key} ${claim}`, value.name)
        continue
      }
      const isName = key === 'name'
      problems.push({
        table: 'source',
        index,
        key,
        problem: isName ? `"${claim}" stands here twice` : `${claim}: source "${other}" has that too`,
        fix: isName
          ? 'Give each source a name of its own.'
          : 'One address is one source; it may be in several pools.',
      })
    }
  }
}

function checkPools(
  rows: readonly Row<SourcePool>[],
  filled: ReadonlySet<string>,
  problems: PlanProblem[],
): void {
  const names = new Set<string>()
  const lanes = new Map<Lane, string>()
  for (const { index, value } of rows) {
    const complain: Complain = (key, problem, fix) =>
      problems.push({ table: 'pool', index, key, problem, fix })
    if (names.has(value.name))
      complain('name', `"${value.name}" stands here twice`, 'Write one table for each pool.')
    names.add(value.name)
    if (!filled.has(value.name))
      complain('name', `no source is in the pool "${value.name}"`, 'Name it in the pools of a source.')
    if (value.fallback !== null && (!filled.has(value.fallback) || value.fallback === value.name))
      complain('fallback', `"${value.fallback}" is no other pool that has a source`, 'Name one, or false.')
    for (const lane of value.lanes) {
      const other = lanes.get(lane)
      if (other !== undefined)
        complain('lanes', `the pool "${other}" has the lane ${lane} too`, 'Name each lane once.')
      lanes.set(lane, value.name)
    }
  }
}

function checkWarmUps(
  rows: readonly Row<WarmUp>[],
  sources: ReadonlySet<string>,
  providers: readonly string[] | undefined,
  problems: PlanProblem[],
): void {
  const seen = new Set<string>()
  for (const { index, value } of rows) {
    const complain: Complain = (key, problem, fix) =>
      problems.push({ table: 'warm_up', index, key, problem, fix })
    if (!sources.has(value.source))
      complain('source', `there is no source "${value.source}"`, `There are ${[...sources].join(', ')}.`)
    const isKnown =
      providers === undefined || [EVERY_PROVIDER, 'other', ...providers].includes(value.provider)
    if (!isKnown)
      complain(
        'provider',
        `the shaping rules know no provider "${value.provider}"`,
        'Write one of theirs, "other" or "*".',
      )
    const pair = `${value.source} ${value.provider}`
    if (seen.has(pair)) complain('provider', 'stands here twice for this source', 'Write one table for both.')
    seen.add(pair)
  }
}

function rowsOf(
  value: unknown,
  table: PlanProblem['table'],
  max: number,
  problems: PlanProblem[],
): { readonly index: number; readonly fields: Fields }[] {
  if (value === undefined) return []
  const isTables = Array.isArray(value) && value.every(isFields)
  if (!isTables || value.length > max) {
    problems.push({
      table,
      index: null,
      key: null,
      problem: isTables ? `stands here more than ${max} times` : 'is not a list of tables',
      fix: isTables ? `Write at most ${max}.` : `Begin each with [[${table}]].`,
    })
    return []
  }
  return value.filter(isFields).map((fields, index) => ({ index, fields }))
}

function nameAt(fields: Fields, key: string, complain: Complain): string | null {
  const value = fields[key]
  if (isName(value)) return value
  complain(key, value === undefined ? 'is missing' : 'is not a name', NAME_FIX)
  return null
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value)
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isName)
}

function isLanes(value: unknown): value is readonly Lane[] {
  return Array.isArray(value) && value.every((item) => LANES.some((lane) => lane === item))
}

function isWhole(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
}

function isMessages(value: unknown): value is number {
  return isWhole(value, 1, RAMP_MESSAGES_MAX)
}
