import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Shaping } from '../shaping-service.ts'
import { OverlayView } from '../shaping-views.ts'

export const listOverlays = defineOperation({
  id: 'shaping.listOverlays',
  method: 'GET',
  path: '/v1/shaping/overlays',
  summary: 'What was learnt from replies and is in force, with the replies',
  description: "Needs the operator's key. Newest first, at most 1,000.",
  scope: 'shaping:read',
  risk: 'read',
  audit: 'shaping.listed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject({
    ended: z
      .enum(['true', 'false'])
      .default('false')
      .describe('`true`: also those that are over, for 30 days.'),
  }),
  output: z.object({ data: z.array(OverlayView) }),
  handle: (context: OperationContext<{ shaping: Shaping }>, input) =>
    context.services.shaping.listOverlays(input.ended === 'true'),
})
