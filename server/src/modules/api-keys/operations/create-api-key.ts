import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { ApiKeyWithSecret, Scopes } from '../api-key.ts'
import type { ApiKeys } from '../api-keys-service.ts'

export const createApiKey = defineOperation({
  id: 'apiKeys.create',
  method: 'POST',
  path: '/v1/api-keys',
  summary: 'Make an API key',
  description: 'The key is shown once. Its scopes are at most those of the key that asks.',
  scope: 'api-keys:write',
  risk: 'credential',
  audit: 'api_key.created',
  faults: ['invalid_request', 'missing_scope'],
  status: 201,
  input: z.strictObject({
    name: z.string().trim().min(1).max(200).describe('What the key is for.'),
    scopes: Scopes.optional().describe('Default: those of the key that asks.'),
    expiresAt: z.iso.datetime({ offset: true }).optional().describe('Default: never.'),
  }),
  output: ApiKeyWithSecret,
  handle: (context: OperationContext<{ apiKeys: ApiKeys }>, input) =>
    context.services.apiKeys.create(context, {
      name: input.name,
      scopes: input.scopes ?? context.principal.scopes,
      expiresAt: input.expiresAt === undefined ? null : new Date(input.expiresAt),
    }),
})
