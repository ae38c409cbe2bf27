import { z } from 'zod'
import { defineEmptyOperation, defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Connection, DEFAULT_ROLES, Departure, Domains } from '../sso.ts'
import type { Sso } from '../sso-service.ts'

type Context = OperationContext<{ sso: Sso }>

export const getConnection = defineOperation({
  id: 'sso.getConnection',
  method: 'GET',
  path: '/v1/sso/connection',
  summary: 'Show the connected identity provider',
  scope: 'policies:read',
  risk: 'read',
  audit: 'sso.read',
  faults: ['not_found'],
  status: 200,
  input: z.strictObject({}),
  output: Connection,
  handle: (context: Context) => context.services.sso.connections.get(context),
})

export const putConnection = defineOperation({
  id: 'sso.connect',
  method: 'PUT',
  path: '/v1/sso/connection',
  summary: 'Connect an identity provider (OpenID Connect)',
  description:
    'By an owner. The domains must be yours: verified for sending, or by a TXT record that the error names. Nobody signs in through it before POST /v1/sso/connection/test has come back. Another issuer or client is another connection: sessions that the old one vouched for end.',
  scope: 'policies:write',
  risk: 'credential',
  stepUpSeconds: 300,
  audit: 'sso.connected',
  faults: ['invalid_request', 'missing_scope'],
  status: 200,
  input: z.strictObject({
    issuer: z.string().max(500).describe('Issuer URL, https.'),
    clientId: z.string().min(1).max(500),
    clientSecret: z.string().min(1).max(1000).optional().describe('Left out: the one that is stored.'),
    domains: Domains.describe('Domains of the addresses that the provider may speak for.'),
    defaultRole: z
      .enum(DEFAULT_ROLES)
      .nullable()
      .default(null)
      .describe('What newcomers become; null: only who is invited comes in.'),
  }),
  output: Connection,
  handle: (context: Context, input) => context.services.sso.connections.put(context, input),
})

export const removeConnection = defineEmptyOperation({
  id: 'sso.disconnect',
  method: 'DELETE',
  path: '/v1/sso/connection',
  summary: 'Disconnect the identity provider',
  description: 'By an owner. Sessions that it has vouched for end.',
  scope: 'policies:write',
  risk: 'credential',
  stepUpSeconds: 300,
  audit: 'sso.disconnected',
  faults: ['not_found', 'conflict', 'missing_scope'],
  input: z.strictObject({}),
  handle: (context: Context) => context.services.sso.connections.remove(context),
})

export const testConnection = defineOperation({
  id: 'sso.test',
  method: 'POST',
  path: '/v1/sso/connection/test',
  summary: 'Try the connected identity provider',
  description:
    'Sign in at the URL and finish as in a log-in: no session is made, and the connection counts as tested.',
  scope: 'policies:write',
  risk: 'safety',
  stepUpSeconds: 300,
  audit: 'sso.tested',
  faults: ['not_found', 'missing_scope', 'unavailable'],
  status: 200,
  input: z.strictObject({}),
  output: Departure,
  handle: (context: Context) => context.services.sso.test(context),
})
