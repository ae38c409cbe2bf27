import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { InboundRoute } from '../inbound-route.ts'
import type { InboundRoutes } from '../inbound-routes-service.ts'

export const createInboundRoute = defineOperation({
  id: 'inboundRoutes.create',
  method: 'POST',
  path: '/v1/inbound-routes',
  summary: 'Get the mail of a host name by HTTP',
  description:
    'Mail to any address at the host name is posted to the URL, as SendGrid posts it (Inbound Parse). The host name is a verified sending domain of the workspace or a name below one; its MX record leads here.',
  scope: 'webhooks:write',
  risk: 'sender-change',
  audit: 'inbound_route.created',
  faults: ['invalid_request', 'conflict', 'unavailable'],
  status: 201,
  input: z.strictObject({
    hostname: z.string().min(1).max(300),
    url: z.string().min(1).max(2048),
    sendRaw: z.boolean().default(false).describe('Send the mail as it came, instead of its parts.'),
  }),
  output: InboundRoute,
  handle: (context: OperationContext<{ inboundRoutes: InboundRoutes }>, input) =>
    context.services.inboundRoutes.create(context, input),
})
