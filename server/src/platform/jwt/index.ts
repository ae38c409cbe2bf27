/**
 * Signed tokens of others (RFC 7519, RFC 8725): by `jose`, whose only place this is. Keys are given; nothing is fetched here. Sessions and keys of
 * ours are opaque and need none of it.
 */
export { readJwt, SIGNATURE_ALGORITHMS, verifyJwt } from './jwt.ts'
export type { JsonWebKey, JsonWebKeys, JwtClaims } from './jwt.ts'
