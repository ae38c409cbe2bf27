import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Shaping } from '../shaping-service.ts'
import { ExplainedView } from '../shaping-views.ts'

export const explainMessage = defineOperation({
  id: 'shaping.explain',
  method: 'GET',
  path: '/v1/messages/{messageId}/shaping',
  summary: 'Why the recipients of a message wait',
  description:
    'For each recipient that waits: where it goes, the limits there and which layer decided them, what was learnt from replies, what is stopped, the last replies, and when it is tried next.',
  scope: 'messages:read',
  risk: 'read',
  audit: 'shaping.explained',
  faults: ['not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ messageId: z.string() }),
  output: ExplainedView,
  handle: (context: OperationContext<{ shaping: Shaping }>, input) =>
    context.services.shaping.explain(context, idOf('message', input.messageId)),
})
