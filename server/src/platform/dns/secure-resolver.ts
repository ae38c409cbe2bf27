import { randomInt } from 'node:crypto'
import { createTtlCache } from './cache.ts'
import { askServer } from './exchange.ts'
import type { AskFailure } from './exchange.ts'
import { followAliases, READERS } from './record-data.ts'
import type { TlsaData } from './record-data.ts'
import { canonicalName } from './resolver.ts'
import type { MxRecord } from './resolver.ts'
import { readAnswer, WireError, writeQuestion } from './wire.ts'
import type { DnsType } from './wire.ts'

/**
 * What DNS knows, and whether that is proven by DNSSEC. `secure`: the resolver has validated all of it, aliases included, and is one
 * whose word counts. `failed` says nothing about the name; `bogus`: the resolver says that signatures are wrong (RFC 8914), which an
 * attacker or a mistake of the zone causes.
 */
export type SecureAnswer<R> =
  | {
      readonly kind: 'found'
      readonly records: readonly R[]
      readonly secure: boolean
      readonly canonical: string
    }
  | { readonly kind: 'missing' | 'empty'; readonly secure: boolean; readonly canonical: string }
  | { readonly kind: 'failed'; readonly code: string; readonly bogus: boolean }

/** Fits wherever a `DnsResolver` is taken. */
export interface SecureResolver {
  mx(name: string): Promise<SecureAnswer<MxRecord>>
  a(name: string): Promise<SecureAnswer<string>>
  aaaa(name: string): Promise<SecureAnswer<string>>
  txt(name: string): Promise<SecureAnswer<string>>
  cname(name: string): Promise<SecureAnswer<string>>
  tlsa(name: string): Promise<SecureAnswer<TlsaData>>
  /** The name servers of a zone; of the root, which is signed, without a name: whether this resolver validates at all. */
  ns(zone?: string): Promise<SecureAnswer<string>>
  /** Abandons what is under way: it fails with `ECANCELLED`. */
  cancel(): void
}

export interface SecureResolverDeps {
  readonly server: { readonly host: string; readonly port: number }
  /**
   * `loopback`: the AD flag counts only where the resolver is on this host. `configured`: the operator has named this resolver and
   * answers for the network between.
   */
  readonly trust: 'loopback' | 'configured'
  /** For one question with all its tries, in milliseconds. Default 8,000. */
  readonly timeoutMs?: number
  /** Datagrams before giving up. Default 3. */
  readonly tries?: number
  readonly maxEntries?: number
  readonly nowMs?: () => number
}

const TIMEOUT_MS = 8_000
const TRIES = 3
const POSITIVE_TTL_MAX_S = 300
const NEGATIVE_TTL_MAX_S = 60
const MAX_ENTRIES = 20_000
const MAX_RECORDS = 256
const UNDER_WAY_MAX = 256
const RCODE = { ok: 0, format: 1, servfail: 2, nxdomain: 3, refused: 5 } as const
/** RFC 8914: DNSSEC indeterminate, bogus, expired, not yet valid, key, RRSIG, NSEC missing. */
const BOGUS_CODES = new Set([5, 6, 7, 8, 9, 10, 11, 12])

/**
 * A caching stub resolver (RFC 4035 §4.9) that leaves validation to one resolver and reads its AD flag. Node's own resolver tells no AD
 * flag (nodejs/node#57159). Answers are values: nothing is thrown. Failures are never cached. Sizes, time and questions under way are
 * bounded.
 */
export function createSecureResolver(deps: SecureResolverDeps): SecureResolver {
  const trusted = deps.trust === 'configured' || isLoopback(deps.server.host)
  const timeoutMs = deps.timeoutMs ?? TIMEOUT_MS
  const nowMs = deps.nowMs ?? (() => performance.now())
  const limits = { maxEntries: deps.maxEntries ?? MAX_ENTRIES, nowMs }
  const slots = createSlots(UNDER_WAY_MAX)
  let stop = new AbortController()

  const questions = <R>(
    type: DnsType,
    read: (message: Buffer, record: Parameters<(typeof READERS)['A']>[1]) => R,
  ) => {
    const cache = createTtlCache<SecureAnswer<R>>(limits)
    const underWay = new Map<string, Promise<SecureAnswer<R>>>()

    const ask = async (name: string): Promise<SecureAnswer<R>> => {
      const { signal } = stop
      const release = await slots.take()
      try {
        const question = { id: 0, name, type }
        const asked = await askServer({
          server: deps.server,
          timeoutMs,
          tries: deps.tries ?? TRIES,
          signal,
          // Another id for each try (RFC 5452 §4.3); the port is another by the socket.
          question: () => {
            question.id = randomInt(0x10000)
            const { id } = question
            return {
              bytes: writeQuestion({ id, name, type }),
              read: (message) => readAnswer(message, { id, name, type }),
            }
          },
        })
        if (asked.kind === 'failed') return failed(asked)
        const { answer, message } = asked
        if (answer.rcode !== RCODE.ok && answer.rcode !== RCODE.nxdomain)
          return {
            kind: 'failed',
            code: RCODE_NAMES[answer.rcode] ?? `RCODE${answer.rcode}`,
            bogus: answer.extendedErrors.some((code) => BOGUS_CODES.has(code)),
          }
        const secure = trusted && answer.authentic
        const chain = followAliases(message, answer, name, type)
        const { canonical } = chain
        if (chain.records.length > 0) {
          const records = chain.records.slice(0, MAX_RECORDS).map((record) => read(message, record))
          const found: SecureAnswer<R> = { kind: 'found', records, secure, canonical }
          cache.set(name, found, Math.min(chain.ttlSeconds, POSITIVE_TTL_MAX_S) * 1_000)
          return found
        }
        const kind = answer.rcode === RCODE.nxdomain ? 'missing' : 'empty'
        const none: SecureAnswer<R> = { kind, secure, canonical }
        const ttl = Math.min(answer.negativeTtlSeconds ?? 0, chain.ttlSeconds, NEGATIVE_TTL_MAX_S)
        cache.set(name, none, ttl * 1_000)
        return none
      } catch (error) {
        if (error instanceof WireError) return { kind: 'failed', code: 'EBADRESP', bogus: false }
        throw error
      } finally {
        release()
        underWay.delete(name)
      }
    }

    return (input: string): Promise<SecureAnswer<R>> => {
      const name = type === 'NS' && input === '' ? '' : canonicalName(input)
      // A name that cannot be in DNS does not exist; nobody has proven it.
      if (name === null) return Promise.resolve({ kind: 'missing', secure: false, canonical: input })
      const known = cache.get(name)
      if (known !== undefined) return Promise.resolve(known)
      const running = underWay.get(name)
      if (running !== undefined) return running
      const started = ask(name)
      underWay.set(name, started)
      return started
    }
  }

  const nameServers = questions('NS', READERS.NS)
  return {
    mx: questions('MX', READERS.MX),
    a: questions('A', READERS.A),
    aaaa: questions('AAAA', READERS.AAAA),
    txt: questions('TXT', READERS.TXT),
    cname: questions('CNAME', READERS.CNAME),
    tlsa: questions('TLSA', READERS.TLSA),
    ns: (zone = '') => nameServers(zone),
    cancel() {
      stop.abort()
      stop = new AbortController()
    },
  }
}

const RCODE_NAMES: Readonly<Record<number, string>> = {
  [RCODE.format]: 'EFORMERR',
  [RCODE.servfail]: 'ESERVFAIL',
  4: 'ENOTIMP',
  [RCODE.refused]: 'EREFUSED',
}

function failed({ code }: AskFailure): { kind: 'failed'; code: string; bogus: boolean } {
  return { kind: 'failed', code, bogus: false }
}

function isLoopback(host: string): boolean {
  return host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
}

/** At most so many at once; who comes later waits in line. */
function createSlots(most: number): { take(): Promise<() => void> } {
  const waiting: (() => void)[] = []
  let taken = 0
  const release = (): void => {
    const next = waiting.shift()
    if (next === undefined) taken -= 1
    else next()
  }
  return {
    async take() {
      if (taken < most) taken += 1
      else await new Promise<void>((resolve) => waiting.push(resolve))
      return release
    },
  }
}
