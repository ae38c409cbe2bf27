import { CANCELLED, NODATA, NOTFOUND, Resolver } from 'node:dns'
import type { RecordWithTtl } from 'node:dns'
import { domainToASCII } from 'node:url'
import { createTtlCache } from './cache.ts'

/** What DNS knows. `missing` is NXDOMAIN, `empty` is NODATA; `failed` says nothing about the name (SERVFAIL, TIMEOUT, REFUSED …). */
export type DnsAnswer<R> =
  | { readonly kind: 'found'; readonly records: readonly R[] }
  | { readonly kind: 'missing' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'failed'; readonly code: string }

export interface MxRecord {
  /** Lower case, without a final dot; empty for the null MX (RFC 7505). */
  readonly exchange: string
  readonly preference: number
}

export interface DnsResolver {
  mx(name: string): Promise<DnsAnswer<MxRecord>>
  a(name: string): Promise<DnsAnswer<string>>
  aaaa(name: string): Promise<DnsAnswer<string>>
  /** The strings of one record are joined (RFC 7208 §3.3). */
  txt(name: string): Promise<DnsAnswer<string>>
  cname(name: string): Promise<DnsAnswer<string>>
  /** Abandons what is under way: it fails with `ECANCELLED`. */
  cancel(): void
}

export interface ResolverDeps {
  /** `1.2.3.4`, `1.2.3.4:53` or `[::1]:53`; default: the system's. */
  readonly servers?: readonly string[]
  /** Per query and try. */
  readonly timeoutMs: number
  readonly tries: number
  readonly maxEntries?: number
  /** For how long an answer is remembered at most; for those who ask because they have just changed something. */
  readonly rememberMs?: number
  readonly nowMs?: () => number
}

const POSITIVE_TTL_MS = 300_000
const NEGATIVE_TTL_MS = 30_000
// Where the driver tells no TTL (MX, TXT, CNAME): short enough that a corrected record counts soon.
const UNKNOWN_TTL_MS = 60_000
const MAX_ENTRIES = 20_000
const MAX_RECORDS = 256

interface Found<R> {
  readonly records: readonly R[]
  readonly ttlMs: number
}

/**
 * A caching resolver over c-ares (node:dns), with answers as values: nothing is thrown. Questions that are asked while the same
 * one is under way share its answer. Failures are never cached. Names are checked and bounded before they are asked.
 */
export function createResolver(deps: ResolverDeps): DnsResolver {
  const resolver = new Resolver({ timeout: deps.timeoutMs, tries: deps.tries })
  if (deps.servers !== undefined) resolver.setServers([...deps.servers])
  const nowMs = deps.nowMs ?? (() => performance.now())
  const rememberMs = deps.rememberMs ?? Number.POSITIVE_INFINITY
  const limits = { maxEntries: deps.maxEntries ?? MAX_ENTRIES, nowMs }

  const cached = <R>(query: (name: string) => Promise<Found<R>>) => {
    const cache = createTtlCache<DnsAnswer<R>>(limits)
    const underWay = new Map<string, Promise<DnsAnswer<R>>>()

    const ask = async (name: string): Promise<DnsAnswer<R>> => {
      try {
        const { records, ttlMs } = await query(name)
        const answer: DnsAnswer<R> =
          records.length === 0 ? { kind: 'empty' } : { kind: 'found', records: records.slice(0, MAX_RECORDS) }
        const ownMs = records.length === 0 ? NEGATIVE_TTL_MS : Math.min(ttlMs, POSITIVE_TTL_MS)
        cache.set(name, answer, Math.min(ownMs, rememberMs))
        return answer
      } catch (error) {
        const code = codeOf(error)
        if (code !== NOTFOUND && code !== NODATA) return { kind: 'failed', code }
        const answer: DnsAnswer<R> = { kind: code === NOTFOUND ? 'missing' : 'empty' }
        cache.set(name, answer, Math.min(NEGATIVE_TTL_MS, rememberMs))
        return answer
      } finally {
        underWay.delete(name)
      }
    }

    return (input: string): Promise<DnsAnswer<R>> => {
      const name = canonicalName(input)
      // A name that cannot be in DNS does not exist.
      if (name === null) return Promise.resolve({ kind: 'missing' })
      const known = cache.get(name)
      if (known !== undefined) return Promise.resolve(known)
      const running = underWay.get(name)
      if (running !== undefined) return running
      const started = ask(name)
      underWay.set(name, started)
      return started
    }
  }

  const addresses = (
    ask: (
      name: string,
      options: { ttl: true },
      done: (error: Error | null, found: RecordWithTtl[]) => void,
    ) => void,
  ) =>
    cached<string>(
      (name) =>
        new Promise((resolve, reject) => {
          ask.call(resolver, name, { ttl: true }, (error, found) => {
            if (error) return reject(error)
            const ttlMs = 1000 * found.reduce((least, { ttl }) => Math.min(least, ttl), 300)
            resolve({ records: found.map(({ address }) => address), ttlMs })
          })
        }),
    )

  const plain = <Raw, R>(
    ask: (name: string, done: (error: Error | null, found: Raw[]) => void) => void,
    parse: (raw: Raw) => R,
  ) =>
    cached<R>(
      (name) =>
        new Promise((resolve, reject) => {
          ask.call(resolver, name, (error, found) => {
            if (error) reject(error)
            else resolve({ records: found.map((each) => parse(each)), ttlMs: UNKNOWN_TTL_MS })
          })
        }),
    )

  return {
    mx: plain(resolver.resolveMx, ({ exchange, priority }) => ({
      exchange: withoutDot(exchange),
      preference: priority,
    })),
    a: addresses(resolver.resolve4),
    aaaa: addresses(resolver.resolve6),
    txt: plain(resolver.resolveTxt, (strings: string[]) => strings.join('')),
    cname: plain(resolver.resolveCname, withoutDot),
    cancel: () => resolver.cancel(),
  }
}

/** Lower-case A-labels, without a final dot; null where the text is not a DNS name (RFC 1035 §2.3.4, RFC 5891). */
export function canonicalName(input: string): string | null {
  const bare = input.endsWith('.') ? input.slice(0, -1) : input
  if (bare.length === 0 || bare.length > 1000) return null
  // domainToASCII parses a URL's host: it would cut "a.test/x" to "a.test". So ASCII must be clean before it is asked.
  // Underscores are in DNS names (_dmarc) though not in host names.
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  if (/[\x00-\x7f]/.test(bare.replace(/[A-Za-z0-9_.-]/g, ''))) return null
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  const name = /[^\x00-\x7f]/.test(bare) ? domainToASCII(bare) : bare.toLowerCase()
  if (name === '' || name.length > 253) return null
  return name.split('.').every((label) => /^[a-z0-9_-]{1,63}$/.test(label)) ? name : null
}

function withoutDot(name: string): string {
  return (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase()
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return CANCELLED
}
