/** An MTA-STS policy (RFC 8461 §3.2). */
export interface StsPolicy {
  readonly mode: 'enforce' | 'testing' | 'none'
  /** In seconds, within the bounds below. */
  readonly maxAgeSeconds: number
  /** Host names, lower case; the first label may be `*`. */
  readonly mx: readonly string[]
}

export const POLICY_BYTES_MAX = 65_536
const MX_MAX = 100
/** RFC 8461 §3.2: a year. */
const MAX_AGE_MAX_S = 31_557_600
/** A shorter life would have every message fetch it again; RFC 8461 §3.3 wants five minutes between fetches that fail. */
export const MAX_AGE_MIN_S = 300

/**
 * The id in the TXT records of `_mta-sts.<domain>` (RFC 8461 §3.1). Null where no policy is announced: no record of the version, more
 * than one, or one without an id of 1 to 32 letters and digits.
 */
export function readStsId(records: readonly string[]): string | null {
  const ours = records.filter((record) => /^v=STSv1[ \t]*(?:;|$)/.test(record))
  const [only] = ours
  if (only === undefined || ours.length !== 1 || only.length > 1_000) return null
  for (const field of only.split(';')) {
    const id = /^[ \t]*id=([A-Za-z0-9]{1,32})[ \t]*$/.exec(field)?.[1]
    if (id !== undefined) return id
  }
  return null
}

/**
 * Reads a policy. Fields that are not known are passed over, of fields given twice the first counts, a `max_age` outside the bounds is
 * moved to them.
 */
export function parseStsPolicy(
  body: Buffer,
): { readonly ok: true; readonly policy: StsPolicy } | { readonly ok: false; readonly problem: string } {
  if (body.length > POLICY_BYTES_MAX) return refused(`is longer than ${POLICY_BYTES_MAX} bytes`)
  const first = new Map<string, string>()
  const mx: string[] = []
  for (const line of body.toString('utf8').split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (colon === -1) {
      if (line.trim() === '') continue
      return refused('has a line without a colon')
    }
    const name = line.slice(0, colon).trim()
    const value = line.slice(colon + 1).trim()
    if (name === 'mx') mx.push(value.toLowerCase())
    else if (!first.has(name)) first.set(name, value)
  }
  if (first.get('version') !== 'STSv1') return refused('is not of version STSv1')
  const mode = first.get('mode')
  if (mode !== 'enforce' && mode !== 'testing' && mode !== 'none') return refused('has no known mode')
  const maxAge = first.get('max_age') ?? ''
  if (!/^\d{1,10}$/.test(maxAge)) return refused('has no max_age')
  if (mx.length > MX_MAX) return refused(`names more than ${MX_MAX} hosts`)
  if (mx.some((pattern) => !isPattern(pattern))) return refused('names a host that is no host name')
  if (mode !== 'none' && mx.length === 0) return refused('names no host')
  const maxAgeSeconds = Math.min(MAX_AGE_MAX_S, Math.max(MAX_AGE_MIN_S, Number(maxAge)))
  return { ok: true, policy: { mode, maxAgeSeconds, mx } }
}

/** Whether a host is one of the policy's (RFC 8461 §4.1): `*.` stands for exactly one label. */
export function matchesStsPolicy(policy: StsPolicy, exchange: string): boolean {
  return policy.mx.some((pattern) =>
    pattern.startsWith('*.')
      ? exchange.indexOf('.') > 0 && exchange.slice(exchange.indexOf('.')) === pattern.slice(1)
      : exchange === pattern,
  )
}

/** The lines of a policy, as reports quote it (RFC 8460 §4.4). */
export function stsPolicyLines(policy: StsPolicy): readonly string[] {
  return [
    'version: STSv1',
    `mode: ${policy.mode}`,
    ...policy.mx.map((pattern) => `mx: ${pattern}`),
    `max_age: ${policy.maxAgeSeconds}`,
  ]
}

function isPattern(pattern: string): boolean {
  const name = pattern.startsWith('*.') ? pattern.slice(2) : pattern
  return (
    name.length <= 253 &&
    name.split('.').every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label))
  )
}

function refused(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem: `The policy ${problem}.` }
}
