import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Explanation } from '../explanation.ts'
import type { Suppressions } from '../suppressions-service.ts'

export const explainSuppression = defineOperation({
  id: 'suppressions.explain',
  method: 'GET',
  path: '/v1/suppressions/explain',
  summary: 'Explain why an address gets no mail',
  description:
    'Why, with the evidence and the message; which mail it does not get, until when, and what to do.',
  scope: 'suppressions:read',
  risk: 'read',
  audit: 'suppression.explained',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject({ email: z.string().max(1016) }),
  output: Explanation,
  handle: (context: OperationContext<{ suppressions: Suppressions }>, input) =>
    context.services.suppressions.explain(context, input.email),
})
