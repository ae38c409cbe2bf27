import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Containment, Reason } from '../containment.ts'
import type { Containments } from '../containments-service.ts'

const input = z.strictObject({ containmentId: z.string(), reason: Reason.describe('Why it may end.') })

export const requestLift = defineOperation({
  id: 'containments.requestLift',
  method: 'POST',
  path: '/v1/containments/{containmentId}/request-lift',
  summary: 'Ask for a lift, as the first of two people',
  description:
    'The containment stays in force until another key, which like yours was made before the containment, lifts it. What staff contained only staff lift.',
  scope: 'containments:write',
  risk: 'safety',
  stepUpSeconds: 300,
  audit: 'containment.lift_requested',
  faults: ['invalid_request', 'not_found', 'conflict', 'lift_refused', 'unavailable'],
  status: 200,
  input,
  output: Containment,
  handle: (context: OperationContext<{ containments: Containments }>, given) =>
    context.services.containments.requestLift(
      context,
      idOf('containment', given.containmentId),
      given.reason,
    ),
})

export const liftContainment = defineOperation({
  id: 'containments.lift',
  method: 'POST',
  path: '/v1/containments/{containmentId}/lift',
  summary: 'Lift a containment, as the second of two people',
  description: 'Effective when it answers. Everything is as it was before, because nothing else was changed.',
  scope: 'containments:write',
  risk: 'safety',
  stepUpSeconds: 300,
  audit: 'containment.lifted',
  faults: ['invalid_request', 'not_found', 'conflict', 'lift_refused', 'unavailable'],
  status: 200,
  input,
  output: Containment,
  handle: (context: OperationContext<{ containments: Containments }>, given) =>
    context.services.containments.lift(context, idOf('containment', given.containmentId), given.reason),
})
