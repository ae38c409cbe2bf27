import { z } from 'zod'
import { idOf, listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { InboundMail } from '../inbound-route.ts'
import type { InboundRoutes } from '../inbound-routes-service.ts'

export const listInboundMail = defineOperation({
  id: 'inboundRoutes.mail',
  method: 'GET',
  path: '/v1/inbound-routes/{routeId}/mail',
  summary: 'List what came for a route and what became of it, newest first',
  description: 'Without addresses and content. Kept for seven days after the end.',
  scope: 'webhooks:read',
  risk: 'read',
  audit: 'inbound_route.mail_listed',
  faults: ['invalid_request', 'not_found'],
  status: 200,
  input: z.strictObject({
    routeId: z.string(),
    ...listInput,
    state: z.enum(['pending', 'delivered', 'failed', 'expired']).optional(),
  }),
  output: pageOf(InboundMail),
  handle: (context: OperationContext<{ inboundRoutes: InboundRoutes }>, { routeId, ...query }) =>
    context.services.inboundRoutes.mail(context, idOf('inboundRoute', routeId), query),
})
