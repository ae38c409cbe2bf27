import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { ApiKey } from '../api-key.ts'
import type { ApiKeys } from '../api-keys-service.ts'

export const getApiKey = defineOperation({
  id: 'apiKeys.get',
  method: 'GET',
  path: '/v1/api-keys/{apiKeyId}',
  summary: 'Show an API key, without its secret',
  scope: 'api-keys:read',
  risk: 'read',
  audit: 'api_key.read',
  faults: ['not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ apiKeyId: z.string() }),
  output: ApiKey,
  handle: (context: OperationContext<{ apiKeys: ApiKeys }>, input) =>
    context.services.apiKeys.get(context, idOf('apiKey', input.apiKeyId)),
})
