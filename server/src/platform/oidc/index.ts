/**
 * OpenID Connect as a relying party (OpenID Connect Core 1.0, authorization code with PKCE), by openid-client: discovery, the redirect, the
 * exchange and every check of the ID token. All of it leaves through the guarded egress, so that no issuer leads into our own network.
 */
export { createOidc, OidcError } from './oidc.ts'
export type { Oidc, OidcClient, VouchedClaims } from './oidc.ts'
