import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { InboundRoute } from '../inbound-route.ts'
import type { InboundRoutes } from '../inbound-routes-service.ts'

export const updateInboundRoute = defineOperation({
  id: 'inboundRoutes.update',
  method: 'PATCH',
  path: '/v1/inbound-routes/{routeId}',
  summary: 'Change where the mail of a host name goes',
  description: 'What waits goes to the new URL.',
  scope: 'webhooks:write',
  risk: 'sender-change',
  audit: 'inbound_route.changed',
  faults: ['invalid_request', 'not_found'],
  status: 200,
  input: z.strictObject({
    routeId: z.string(),
    url: z.string().min(1).max(2048).optional(),
    sendRaw: z.boolean().optional(),
  }),
  output: InboundRoute,
  handle: (context: OperationContext<{ inboundRoutes: InboundRoutes }>, { routeId, ...change }) =>
    context.services.inboundRoutes.update(context, idOf('inboundRoute', routeId), change),
})
