/**
 * API keys of a workspace.
 *
 * Tables owned: api_key; credential_use is written by the look-up. Events: none; audit `api_key.created`, `api_key.rotated`, `api_key.revoked`.
 * Invariants: a key is shown once, when it is made, and kept as a peppered digest; no key makes another that reaches further than itself (scopes, networks, senders, end);
 * a revoked key stays in the list, so that who had access when remains known.
 */
export { createApiKeys } from './api-keys-service.ts'
export type { ApiKeys, MintedApiKey } from './api-keys-service.ts'
export { ApiKeyWithSecret } from './api-key.ts'
export { apiKeyOperations } from './api-key-operations.ts'
