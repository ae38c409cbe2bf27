import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineEmptyOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { InboundRoutes } from '../inbound-routes-service.ts'

export const deleteInboundRoute = defineEmptyOperation({
  id: 'inboundRoutes.delete',
  method: 'DELETE',
  path: '/v1/inbound-routes/{routeId}',
  summary: 'Take no more mail for a host name',
  description: 'What was taken before still goes to the URL.',
  scope: 'webhooks:write',
  risk: 'sender-change',
  audit: 'inbound_route.deleted',
  faults: ['not_found'],
  input: z.strictObject({ routeId: z.string() }),
  handle: (context: OperationContext<{ inboundRoutes: InboundRoutes }>, input) =>
    context.services.inboundRoutes.remove(context, idOf('inboundRoute', input.routeId)),
})
