import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Shaping } from '../shaping-service.ts'
import { ResolvedView } from '../shaping-views.ts'

export const resolveShaping = defineOperation({
  id: 'shaping.resolve',
  method: 'GET',
  path: '/v1/shaping/resolve',
  summary: 'The limits of mail to a domain, and which layer decided each',
  description:
    "Needs the operator's key. Asks DNS for the domain's MX hosts, as a sender does that delivers to them directly.",
  scope: 'shaping:read',
  risk: 'read',
  audit: 'shaping.resolved',
  faults: ['invalid_request', 'not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({
    domain: z.string().min(1).max(253).describe('Of a recipient.'),
    source: z.string().min(1).max(100).optional().describe('Name of a source; default: the default route.'),
  }),
  output: ResolvedView,
  handle: (context: OperationContext<{ shaping: Shaping }>, input) =>
    context.services.shaping.resolve(input.domain, input.source),
})
