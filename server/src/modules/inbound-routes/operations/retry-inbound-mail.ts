import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { InboundMail } from '../inbound-route.ts'
import type { InboundRoutes } from '../inbound-routes-service.ts'

export const retryInboundMail = defineOperation({
  id: 'inboundRoutes.retryMail',
  method: 'POST',
  path: '/v1/inbound-routes/{routeId}/mail/{mailId}/retry',
  summary: 'Post a mail that was refused again',
  description: 'Within its 72 hours; its content is erased then.',
  scope: 'webhooks:write',
  risk: 'write',
  audit: 'inbound_route.mail_retried',
  faults: ['not_found', 'conflict'],
  status: 200,
  input: z.strictObject({ routeId: z.string(), mailId: z.string() }),
  output: InboundMail,
  handle: (context: OperationContext<{ inboundRoutes: InboundRoutes }>, input) =>
    context.services.inboundRoutes.retry(
      context,
      idOf('inboundRoute', input.routeId),
      idOf('inboundMail', input.mailId),
    ),
})
