import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineEmptyOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Shaping } from '../shaping-service.ts'

export const liftShapingOverlay = defineEmptyOperation({
  id: 'shaping.liftOverlay',
  method: 'DELETE',
  path: '/v1/shaping/overlays/{overlayId}',
  summary: 'End what was learnt before its time',
  description:
    "Needs the operator's key. Senders hear of it within two seconds. What led to it counts no more; new replies of the same kind make another.",
  scope: 'shaping:write',
  risk: 'installation',
  audit: 'shaping.overlay_lifted',
  faults: ['not_found', 'unavailable'],
  input: z.strictObject({ overlayId: z.string() }),
  handle: (context: OperationContext<{ shaping: Shaping }>, input) =>
    context.services.shaping.liftOverlay(context.actor, idOf('overlay', input.overlayId)),
})
