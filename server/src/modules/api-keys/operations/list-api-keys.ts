import { z } from 'zod'
import { DOORS } from '../../../kernel/doors.ts'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { ApiKey } from '../api-key.ts'
import type { ApiKeys } from '../api-keys-service.ts'

export const listApiKeys = defineOperation({
  id: 'apiKeys.list',
  method: 'GET',
  path: '/v1/api-keys',
  summary: 'List API keys, newest first',
  description: 'Revoked keys stay in the list. Secrets are never shown.',
  scope: 'api-keys:read',
  risk: 'read',
  audit: 'api_key.listed',
  faults: ['invalid_request'],
  status: 200,
  input: z.strictObject({
    door: z.enum(DOORS).optional().describe('Only keys of this door.'),
    live: z.enum(['true', 'false']).default('false').describe('true: only keys that can be used.'),
    ...listInput,
  }),
  output: pageOf(ApiKey),
  handle: (context: OperationContext<{ apiKeys: ApiKeys }>, input) =>
    context.services.apiKeys.list(context, input),
})
