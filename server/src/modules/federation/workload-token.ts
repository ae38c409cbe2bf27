import { readJwt, SIGNATURE_ALGORITHMS, verifyJwt } from '../../platform/jwt/index.ts'
import type { JwtClaims } from '../../platform/jwt/index.ts'
import { hashSecret } from '../../security/access/index.ts'
import { hasClaims, isSubject } from './federation-rule.ts'
import type { RuleTerms } from './federation-rule.ts'
import type { IssuerKeys } from './issuer-keys.ts'

export const TOKEN_CHARS_MAX = 16_384
const SKEW_SECONDS = 60
/** Tokens of jobs live for minutes; what lives for longer is no proof of what runs now. */
const LIFETIME_SECONDS_MAX = 86_400

export type TokenVerdict =
  | {
      readonly kind: 'good'
      /** What marks the token as used: the same for every spelling of it. */
      readonly useHash: Buffer
      /** When no clock that this host tolerates takes it any more. */
      readonly overAt: Date
    }
  /** `reason` is for the log of the installation, never for the answer. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly cause: unknown }

/**
 * Whether a token is of the workload that a rule names, at `now`. What the token claims is compared before its issuer is asked for anything: who
 * knows no rule makes this process fetch nothing.
 */
export async function judgeToken(
  token: string,
  terms: RuleTerms,
  now: Date,
  issuerKeys: IssuerKeys,
): Promise<TokenVerdict> {
  const claimed = readToken(token)
  if (claimed === null) return refused('it is no signed token')
  const { payload, alg, kid } = claimed
  if (!SIGNATURE_ALGORITHMS.includes(alg)) return refused('its algorithm is not allowed')
  const mismatch = mismatchOf(payload, terms)
  if (mismatch !== null) return refused(mismatch)
  let keys
  try {
    keys = await issuerKeys.of(terms.issuer, kid)
  } catch (cause) {
    return { kind: 'unavailable', cause }
  }
  const { issuer, audience } = terms
  const verified = await verifyJwt(token, keys, { issuer, audience, now, skewSeconds: SKEW_SECONDS })
  if (!verified.ok) return refused(verified.because)
  const { exp = 0, iat = 0 } = verified.payload
  if (exp - iat > LIFETIME_SECONDS_MAX) return refused('it lives for more than a day')
  if (iat > now.getTime() / 1_000 + SKEW_SECONDS) return refused('it was issued in the future')
  // The payload that was verified is the one that was compared: the same bytes.
  return {
    kind: 'good',
    useHash: useHashOf(token, issuer, verified.payload),
    overAt: new Date((exp + SKEW_SECONDS + 1) * 1_000),
  }
}

function mismatchOf(payload: JwtClaims, terms: RuleTerms): string | null {
  if (payload.iss !== terms.issuer) return 'another issuer'
  if (![payload.aud].flat().includes(terms.audience)) return 'another audience'
  if (typeof payload.sub !== 'string' || payload.sub.length > 1_000 || !isSubject(terms.subject, payload.sub))
    return 'another subject'
  return hasClaims(terms.claims, payload) ? null : 'another claim'
}

function readToken(token: string): ReturnType<typeof readJwt> {
  if (token.length > TOKEN_CHARS_MAX || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return null
  return readJwt(token)
}

/** By `jti` (RFC 7519 §4.1.7) or else by what was signed: a signature has several spellings (ECDSA is malleable), what it is of has one. */
function useHashOf(token: string, issuer: string, payload: JwtClaims): Buffer {
  const mark =
    typeof payload.jti === 'string'
      ? ['jti', issuer, payload.jti]
      : ['signed', token.slice(0, token.lastIndexOf('.'))]
  return hashSecret(JSON.stringify(mark))
}

function refused(reason: string): TokenVerdict {
  return { kind: 'refused', reason }
}
