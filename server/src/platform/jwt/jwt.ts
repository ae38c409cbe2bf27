import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose'
import type { JSONWebKeySet, JWK, JWTPayload } from 'jose'

export type JwtClaims = JWTPayload
export type JsonWebKey = JWK
export type JsonWebKeys = JSONWebKeySet

/** Signatures with a key that only the issuer has; none with a shared secret, and not `none` (RFC 8725 §3.1). */
export const SIGNATURE_ALGORITHMS: readonly string[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
]

/** What a token claims, with nothing verified; null for what is no signed token. The caller bounds its length. */
export function readJwt(
  token: string,
): { readonly payload: JwtClaims; readonly alg: string; readonly kid: string | undefined } | null {
  try {
    const { alg, kid } = decodeProtectedHeader(token)
    return { payload: decodeJwt(token), alg: alg ?? '', kid }
  } catch {
    return null
  }
}

/** Verifies signature, issuer, audience and times at `now`; `exp`, `iat` and `sub` must be there. `because` is for logs. */
export async function verifyJwt(
  token: string,
  keys: JsonWebKeys,
  expected: {
    readonly issuer: string
    readonly audience: string
    readonly now: Date
    readonly skewSeconds: number
  },
): Promise<
  { readonly ok: true; readonly payload: JwtClaims } | { readonly ok: false; readonly because: string }
> {
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet(keys), {
      algorithms: [...SIGNATURE_ALGORITHMS],
      issuer: expected.issuer,
      audience: expected.audience,
      clockTolerance: expected.skewSeconds,
      currentDate: expected.now,
      requiredClaims: ['exp', 'iat', 'sub'],
    })
    return { ok: true, payload }
  } catch (error) {
    return { ok: false, because: error instanceof errors.JOSEError ? error.code : 'it cannot be verified' }
  }
}
