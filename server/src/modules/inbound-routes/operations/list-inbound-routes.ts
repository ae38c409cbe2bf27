import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { InboundRoute } from '../inbound-route.ts'
import type { InboundRoutes } from '../inbound-routes-service.ts'

export const listInboundRoutes = defineOperation({
  id: 'inboundRoutes.list',
  method: 'GET',
  path: '/v1/inbound-routes',
  summary: 'List inbound routes, newest first',
  scope: 'webhooks:read',
  risk: 'read',
  audit: 'inbound_route.listed',
  faults: ['invalid_request'],
  status: 200,
  input: z.strictObject({
    ...listInput,
    hostname: z.string().max(300).optional().describe('Only the one of this host name.'),
  }),
  output: pageOf(InboundRoute),
  handle: (context: OperationContext<{ inboundRoutes: InboundRoutes }>, input) =>
    context.services.inboundRoutes.list(context, input),
})
