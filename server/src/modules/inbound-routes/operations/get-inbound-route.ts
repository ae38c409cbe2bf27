import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { InboundRoute } from '../inbound-route.ts'
import type { InboundRoutes } from '../inbound-routes-service.ts'

export const getInboundRoute = defineOperation({
  id: 'inboundRoutes.get',
  method: 'GET',
  path: '/v1/inbound-routes/{routeId}',
  summary: 'Show an inbound route',
  scope: 'webhooks:read',
  risk: 'read',
  audit: 'inbound_route.read',
  faults: ['not_found'],
  status: 200,
  input: z.strictObject({ routeId: z.string() }),
  output: InboundRoute,
  handle: (context: OperationContext<{ inboundRoutes: InboundRoutes }>, input) =>
    context.services.inboundRoutes.get(context, idOf('inboundRoute', input.routeId)),
})
