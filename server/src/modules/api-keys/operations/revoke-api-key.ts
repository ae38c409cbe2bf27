import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineEmptyOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { ApiKeys } from '../api-keys-service.ts'

export const revokeApiKey = defineEmptyOperation({
  id: 'apiKeys.revoke',
  method: 'DELETE',
  path: '/v1/api-keys/{apiKeyId}',
  summary: 'Revoke an API key',
  description: 'The key stops working within a second, also for the one that asks. It stays in the list.',
  scope: 'api-keys:write',
  risk: 'safety',
  audit: 'api_key.revoked',
  faults: ['not_found'],
  input: z.strictObject({ apiKeyId: z.string() }),
  handle: (context: OperationContext<{ apiKeys: ApiKeys }>, input) =>
    context.services.apiKeys.revoke(context, idOf('apiKey', input.apiKeyId)),
})
