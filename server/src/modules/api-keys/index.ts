/**
 * API keys of a workspace, and the networks that bind all keys of a door.
 *
 * Tables owned: api_key, door_network; credential_use is written by the look-up. Events: none; audit `api_key.created`, `api_key.changed`,
 * `api_key.rotated`, `api_key.revoked`, `door_network.*`.
 * Invariants: a key is shown once, when it is made, and kept as a peppered digest; no key makes another that reaches further than itself (scopes, networks, senders, end),
 * nor gives another one more than it has; a revoked key stays in the list, so that who had access when remains known.
 */
export { createApiKeys } from './api-keys-service.ts'
export type { ApiKeys, MintedApiKey } from './api-keys-service.ts'
export { ApiKeyWithSecret } from './api-key.ts'
export { apiKeyOperations } from './api-key-operations.ts'
export { createDoorNetworks } from './door-networks-service.ts'
export type { DoorNetworks } from './door-networks-service.ts'
export { createApiKey } from './operations/create-api-key.ts'
export {
  addDoorNetworks,
  listDoorNetworks,
  listKeyUses,
  removeDoorNetwork,
} from './operations/door-networks.ts'
export { getApiKey } from './operations/get-api-key.ts'
export { listApiKeys } from './operations/list-api-keys.ts'
export { revokeApiKey } from './operations/revoke-api-key.ts'
export { updateApiKey } from './operations/update-api-key.ts'
