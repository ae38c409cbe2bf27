import { z } from 'zod'
import type { Egress } from '../../platform/egress/index.ts'
import type { JsonWebKey, JsonWebKeys } from '../../platform/jwt/index.ts'
import { isFetchable } from './federation-rule.ts'

const Discovery = z.object({ issuer: z.string().max(500), jwks_uri: z.string().max(2_000) })

/** Public keys only: a list that holds a symmetric one vouches for nothing. */
const PublicKey = z.looseObject({ kty: z.enum(['RSA', 'EC', 'OKP']), kid: z.string().max(500).optional() })
const Key = z.custom<JsonWebKey>((value) => PublicKey.safeParse(value).success)
const KeySet = z.object({ keys: z.array(z.unknown()).max(100) })

export interface IssuerKeys {
  /** The keys of an issuer. `kid`: of the key that is looked for, for which the list is fetched anew. Throws where they cannot be had. */
  of(issuer: string, kid: string | undefined): Promise<JsonWebKeys>
}

interface Known {
  readonly keys: JsonWebKeys
  readonly atMs: number
}

const FRESH_MS = 600_000
/** After a fetch, and for a key that the list lacks: an issuer is asked this often at most, whoever sends tokens. */
const AGAIN_MS = 30_000
const ISSUERS_MAX = 500
const TIMEOUT_MS = 5_000
const DISCOVERY_BYTES_MAX = 64 * 1024
const KEYS_BYTES_MAX = 256 * 1024

/** The keys of issuers by OpenID Connect Discovery 1.0 §4, kept for ten minutes. */
export function createIssuerKeys(deps: {
  readonly egress: Pick<Egress, 'get'>
  readonly allowLoopback: boolean
  readonly clock?: () => number
}): IssuerKeys {
  const clock = deps.clock ?? (() => performance.now())
  const known = new Map<string, Known>()
  const tried = new Map<string, { readonly atMs: number; readonly done: Promise<Known> }>()

  async function fetchJson(text: string, answerBytesMax: number): Promise<unknown> {
    const url = URL.parse(text)
    if (url === null || !isFetchable(url, deps.allowLoopback))
      throw new Error('the issuer names a URL that is not https')
    const body = await deps.egress.get({ url: text, timeoutMs: TIMEOUT_MS, answerBytesMax })
    return JSON.parse(body.toString('utf8'))
  }

  async function load(issuer: string): Promise<Known> {
    const place = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    const discovery = Discovery.parse(await fetchJson(place, DISCOVERY_BYTES_MAX))
    if (discovery.issuer !== issuer) throw new Error('the issuer calls itself by another name')
    const { keys } = KeySet.parse(await fetchJson(discovery.jwks_uri, KEYS_BYTES_MAX))
    const usable = keys.flatMap((key) => {
      const parsed = Key.safeParse(key)
      return parsed.success ? [parsed.data] : []
    })
    const fresh = { keys: { keys: usable }, atMs: clock() }
    known.delete(issuer)
    known.set(issuer, fresh)
    trim(known)
    return fresh
  }

  function fetched(issuer: string): Promise<Known> {
    const last = tried.get(issuer)
    if (last !== undefined && clock() - last.atMs < AGAIN_MS) return last.done
    const attempt = { atMs: clock(), done: load(issuer) }
    attempt.done.catch(() => undefined)
    tried.delete(issuer)
    tried.set(issuer, attempt)
    trim(tried)
    return attempt.done
  }

  return {
    async of(issuer, kid) {
      const found = known.get(issuer)
      const isFresh = found !== undefined && clock() - found.atMs < FRESH_MS
      const hasKey = kid === undefined || (found?.keys.keys.some((key) => key.kid === kid) ?? false)
      if (isFresh && hasKey) return found.keys
      return (await fetched(issuer)).keys
    },
  }
}

function trim(map: Map<string, unknown>): void {
  if (map.size <= ISSUERS_MAX) return
  const [oldest] = map.keys()
  if (oldest !== undefined) map.delete(oldest)
}
