import { createApiKey } from './operations/create-api-key.ts'
import {
  addDoorNetworks,
  listDoorNetworks,
  listKeyUses,
  removeDoorNetwork,
} from './operations/door-networks.ts'
import { getApiKey } from './operations/get-api-key.ts'
import { listApiKeys } from './operations/list-api-keys.ts'
import { revokeApiKey } from './operations/revoke-api-key.ts'
import { rotateApiKey } from './operations/rotate-api-key.ts'
import { updateApiKey } from './operations/update-api-key.ts'

export const apiKeyOperations = [
  createApiKey,
  listApiKeys,
  listKeyUses,
  getApiKey,
  updateApiKey,
  rotateApiKey,
  revokeApiKey,
  listDoorNetworks,
  addDoorNetworks,
  removeDoorNetwork,
]
