import { z } from 'zod'
import { DOORS } from '../../../kernel/doors.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { boundsInput } from '../../../security/access/index.ts'
import { ApiKeyWithSecret, DoorScopes, KeyName, keyScopesOf, OnLeak, Scopes } from '../api-key.ts'
import type { ApiKeys } from '../api-keys-service.ts'

export const createApiKey = defineOperation({
  id: 'apiKeys.create',
  method: 'POST',
  path: '/v1/api-keys',
  summary: 'Make an API key',
  description:
    'The key is shown once. It reaches at most as far as the key that asks: scopes, networks, senders and end.',
  scope: 'api-keys:write',
  risk: 'credential',
  audit: 'api_key.created',
  faults: ['invalid_request', 'missing_scope'],
  status: 201,
  input: z.strictObject({
    name: KeyName,
    scopes: Scopes.optional().describe('Default: those of the key that asks.'),
    ...boundsInput,
    expiresAt: z.iso
      .datetime({ offset: true })
      .optional()
      .describe('Default: that of the key that asks, or never.'),
    onLeak: OnLeak.default('by_scope'),
    door: z
      .enum(DOORS)
      .optional()
      .describe(
        'Makes a key in the form of this vendor’s, which opens /compat/<vendor> and nothing else. Default: as the key that asks.',
      ),
    doorScopes: DoorScopes.optional().describe(
      'Of a key of a door: what it may do by the vendor’s own names; the rest is refused there. Default: all that its scopes allow.',
    ),
  }),
  output: ApiKeyWithSecret,
  handle: (context: OperationContext<{ apiKeys: ApiKeys }>, input) =>
    context.services.apiKeys.create(context, {
      name: input.name,
      scopes: input.scopes ?? keyScopesOf(context.principal),
      allowedCidrs: input.allowedCidrs,
      allowedSenders: input.allowedSenders,
      expiresAt: input.expiresAt === undefined ? undefined : new Date(input.expiresAt),
      onLeak: input.onLeak,
      door: input.door,
      doorScopes: input.doorScopes,
    }),
})
