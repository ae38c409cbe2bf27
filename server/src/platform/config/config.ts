import type { z } from 'zod'
import { SETTINGS } from './settings.ts'
import type { Mode, Setting } from './settings.ts'
import type { ListenAddress } from './values.ts'

type Values = { readonly [K in keyof typeof SETTINGS]: z.output<(typeof SETTINGS)[K]['parser']> | null }
type Optional =
  | 'databaseUrl'
  | 'setupFile'
  | 'auditDirectory'
  | 'delegationZone'
  | 'keyringRoot'
  | 'keyringPreviousRoot'
  | 'keyringPin'
  | 'keyringSpool'
  | 'keyringBudgets'
  | 'breachedRangeUrl'
  | 'systemFrom'
  | 'leakReportKeysUrl'
  | 'dnssecResolver'
  | 'returnPathDomain'
  | 'shaping'
  | 'trackingHost'
  | 'otlpUrl'
type Derived = 'tlsCert' | 'tlsKey' | 'publicUrl'

/** The effective configuration: parsed, complete, deeply read-only. Printing it shows no secret. */
export type Config = {
  readonly [K in Exclude<keyof Values, Optional | Derived>]: NonNullable<Values[K]>
} & { readonly [K in Optional]: Values[K] } & {
  readonly publicUrl: string
  /** Null: development without own files; the supervisor makes a self-signed certificate. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null
}

/** Variables the supervisor sets for its own children; they are not settings. */
export const INTERNAL_PREFIX = 'BULKHEAD_INTERNAL_'

/** Variables of the command line, the test suite and the benchmark; never read by a process of the product. */
const TOOL_PREFIXES = ['BULKHEAD_TEST_', 'BULKHEAD_BENCH_', 'BULKHEAD_CLI_']

/** Every problem with the configuration in one error, each with the variable, its value and what to write instead. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(
      `The configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${problems.map((line) => `  - ${line}`).join('\n')}`,
    )
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/**
 * Parses the environment. An empty variable counts as unset, as in a compose file.
 * @throws ConfigError with all problems at once.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = unknownNames(env)
  const mode = read(SETTINGS.mode, env, 'development', problems) ?? 'development'
  const get = <T>(setting: Setting<T>): T | null => read(setting, env, mode, problems)

  const http = get(SETTINGS.http)
  const tlsCert = get(SETTINGS.tlsCert)
  const tlsKey = get(SETTINGS.tlsKey)
  const setupFile = get(SETTINGS.setupFile)
  if ((tlsCert === null) !== (tlsKey === null)) {
    const [missing, present] = tlsCert === null ? ['CERT', 'KEY'] : ['KEY', 'CERT']
    problems.push(
      `BULKHEAD_TLS_${missing} is unset although BULKHEAD_TLS_${present} is set: set both or neither`,
    )
  }
  if (mode === 'production') {
    if (tlsCert === null && tlsKey === null) {
      problems.push(
        'BULKHEAD_TLS_CERT and BULKHEAD_TLS_KEY are unset: production needs a certificate; write the paths of two PEM files',
      )
    }
    if (setupFile !== null) {
      problems.push(
        'BULKHEAD_SETUP_FILE is set in production, where no key is ever written to a file: unset it',
      )
    }
  }
  const delegationZone = get(SETTINGS.delegationZone)
  // Return paths of sending domains lead into the delegation zone where there is one.
  const returnPathDomain =
    delegationZone === null || (env[SETTINGS.returnPathDomain.name] ?? '') !== ''
      ? get(SETTINGS.returnPathDomain)
      : `rp.${delegationZone}`
  const config = {
    mode,
    simulator: get(SETTINGS.simulator),
    dataDirectory: get(SETTINGS.dataDirectory),
    http,
    submission: get(SETTINGS.submission),
    submissions: get(SETTINGS.submissions),
    inbound: get(SETTINGS.inbound),
    staff: get(SETTINGS.staff),
    metrics: get(SETTINGS.metrics),
    traceSample: get(SETTINGS.traceSample),
    outbound: get(SETTINGS.outbound),
    sensitiveViaRelay: get(SETTINGS.sensitiveViaRelay),
    retryScale: get(SETTINGS.retryScale),
    allowPrivateTargets: get(SETTINGS.allowPrivateTargets),
    hostname: get(SETTINGS.hostname),
    dnsServers: get(SETTINGS.dnsServers),
    tlsReports: get(SETTINGS.tlsReports),
    trustedProxies: get(SETTINGS.trustedProxies),
    staffAllow: get(SETTINGS.staffAllow),
    signUp: get(SETTINGS.signUp),
    logLevel: get(SETTINGS.logLevel),
    retentionDays: get(SETTINGS.retentionDays),
    appeal: get(SETTINGS.appeal),
    shredDelayHours: get(SETTINGS.shredDelayHours),
    senders: get(SETTINGS.senders),
    auditWitnesses: get(SETTINGS.auditWitnesses),
    publicUrl: get(SETTINGS.publicUrl) ?? (http === null ? null : httpUrl(http)),
  }
  const optional = {
    databaseUrl: get(SETTINGS.databaseUrl),
    keyringRoot: get(SETTINGS.keyringRoot),
    keyringPreviousRoot: get(SETTINGS.keyringPreviousRoot),
    keyringPin: get(SETTINGS.keyringPin),
    keyringSpool: get(SETTINGS.keyringSpool),
    keyringBudgets: get(SETTINGS.keyringBudgets),
    breachedRangeUrl: get(SETTINGS.breachedRangeUrl),
    systemFrom: get(SETTINGS.systemFrom),
    leakReportKeysUrl: get(SETTINGS.leakReportKeysUrl),
    dnssecResolver: get(SETTINGS.dnssecResolver),
    setupFile,
    returnPathDomain,
    shaping: get(SETTINGS.shaping),
    trackingHost: get(SETTINGS.trackingHost),
    otlpUrl: get(SETTINGS.otlpUrl),
    auditDirectory: get(SETTINGS.auditDirectory),
    delegationZone,
    tls: tlsCert !== null && tlsKey !== null ? { certFile: tlsCert, keyFile: tlsKey } : null,
  }
  if (problems.length > 0 || !isComplete(config)) throw new ConfigError(problems)
  return deepFreeze({ ...config, ...optional })
}

/**
 * Whether sensitive mail may go where mail goes. A relay could read it, and so could everybody with the local inbox of a production
 * installation; in development that inbox is where developers look for the reset mail that they are building.
 */
export function mayLeaveSensitive(config: Pick<Config, 'mode' | 'outbound' | 'sensitiveViaRelay'>): boolean {
  switch (config.outbound.kind) {
    case 'direct':
      return true
    case 'relay':
      return config.sensitiveViaRelay
    case 'capture':
      return config.mode === 'development' || config.sensitiveViaRelay
  }
}

/** `host:port` with brackets around IPv6. */
export function formatAddress(address: ListenAddress): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}

const THIS_HOST: ReadonlySet<string> = new Set(['0.0.0.0', '::', '127.0.0.1', '::1'])

/** The URL of a listening address. This host is shown by its name: browsers offer passkeys to names only, not to numbers. */
export function httpUrl(address: ListenAddress): string {
  const host = THIS_HOST.has(address.host) ? 'localhost' : address.host
  return `http://${formatAddress({ host, port: address.port })}`
}

function read<T>(
  setting: Setting<T>,
  env: Readonly<Record<string, string | undefined>>,
  mode: Mode,
  problems: string[],
): T | null {
  const given = env[setting.name]
  const text =
    given !== undefined && given !== ''
      ? given
      : typeof setting.defaultText === 'function'
        ? setting.defaultText(mode)
        : setting.defaultText
  if (text === undefined) return null
  const parsed = setting.parser.safeParse(text)
  if (parsed.success) return parsed.data
  const shown = setting.secret === true ? '(value hidden)' : JSON.stringify(text.slice(0, 100))
  problems.push(
    `${setting.name} ${shown} is not valid: ${parsed.error.issues[0]?.message ?? 'see the documentation'}`,
  )
  return null
}

function isComplete<T extends object>(value: T): value is { [K in keyof T]: NonNullable<T[K]> } & T {
  return Object.values(value).every((item) => item !== null)
}

function unknownNames(env: Readonly<Record<string, string | undefined>>): string[] {
  const known: readonly string[] = Object.values(SETTINGS).map((item) => item.name)
  return Object.keys(env)
    .filter((name) => name.startsWith('BULKHEAD_') && !known.includes(name))
    .filter((name) => ![INTERNAL_PREFIX, ...TOOL_PREFIXES].some((prefix) => name.startsWith(prefix)))
    .map((name) => {
      const nearest = known
        .map((item) => ({ item, distance: editDistance(name, item) }))
        .sort((a, b) => a.distance - b.distance)[0]
      return `${name.slice(0, 100)} is not a setting: did you mean ${nearest?.item ?? 'another name'}?`
    })
}

/** Levenshtein distance, over names that are at most a hundred characters long. */
function editDistance(left: string, right: string): number {
  const a = left.slice(0, 100)
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= right.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === right[j - 1] ? 0 : 1)
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[right.length] ?? 0
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const item of Object.values(value)) deepFreeze(item)
  }
  return value
}
