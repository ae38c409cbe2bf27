import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { overlapInput } from '../../../security/access/index.ts'
import { ApiKeyWithSecret } from '../api-key.ts'
import type { ApiKeys } from '../api-keys-service.ts'

export const rotateApiKey = defineOperation({
  id: 'apiKeys.rotate',
  method: 'POST',
  path: '/v1/api-keys/{apiKeyId}/rotate',
  summary: 'Make a new key in the place of one',
  description:
    'The new key has the same name, scopes, networks, senders and expiry. The old one ends after the overlap. Whoever asks must reach as far as the key itself.',
  scope: 'api-keys:write',
  risk: 'credential',
  audit: 'api_key.rotated',
  faults: ['invalid_request', 'missing_scope', 'not_found', 'conflict'],
  status: 201,
  input: z.strictObject({ apiKeyId: z.string(), overlapHours: overlapInput }),
  output: ApiKeyWithSecret,
  handle: (context: OperationContext<{ apiKeys: ApiKeys }>, input) =>
    context.services.apiKeys.rotate(context, idOf('apiKey', input.apiKeyId), input.overlapHours),
})
