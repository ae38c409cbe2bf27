import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { ApiKey, DoorScopes, KeyName, Scopes } from '../api-key.ts'
import type { ApiKeys } from '../api-keys-service.ts'

export const updateApiKey = defineOperation({
  id: 'apiKeys.update',
  method: 'PATCH',
  path: '/v1/api-keys/{apiKeyId}',
  summary: 'Change the name of an API key; of a key of a door its scopes too',
  description:
    'What is left out stays. A key gets at most what the one that asks has. Scopes of keys of our own API stay as they were made. It holds within a second.',
  scope: 'api-keys:write',
  risk: 'credential',
  audit: 'api_key.changed',
  faults: ['invalid_request', 'missing_scope', 'not_found', 'conflict', 'unavailable'],
  status: 200,
  input: z.strictObject({
    apiKeyId: z.string(),
    name: KeyName.optional(),
    scopes: Scopes.optional(),
    doorScopes: DoorScopes.optional().describe(
      'What it may do by the vendor’s own names; empty: all that its scopes allow.',
    ),
  }),
  output: ApiKey,
  handle: (context: OperationContext<{ apiKeys: ApiKeys }>, { apiKeyId, ...change }) =>
    context.services.apiKeys.update(context, idOf('apiKey', apiKeyId), change),
})
