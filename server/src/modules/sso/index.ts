/**
 * Single sign-on through a workspace's own identity provider (OpenID Connect).
 *
 * Tables owned: sso_connection, sso_identity, account.sso_state. Events: none; audit `sso.connected`, `sso.disconnected`, `sso.tested`,
 * `sso.signed_in`.
 * Invariants: a session that a provider vouched for opens its workspace and nothing else, not even the account; only owners connect
 * providers, and a provider speaks for verified addresses of domains that the workspace owns at that moment; which account of the provider
 * is which person is pinned at the first log-in; nobody becomes an owner this way, and who was removed stays out; a log-in comes back once, to
 * the tab that began it; beginning one answers the same whether a provider is connected or not.
 */
export { createSso } from './sso-service.ts'
export type { Sso } from './sso-service.ts'
export { createSsoConnections } from './sso-connections.ts'
export { ssoOperations } from './sso-operations.ts'
