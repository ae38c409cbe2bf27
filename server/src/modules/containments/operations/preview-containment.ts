import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { wishInput } from '../containment.ts'
import type { Containments } from '../containments-service.ts'
import { Preview } from '../preview-view.ts'

export const previewContainment = defineOperation({
  id: 'containments.preview',
  method: 'POST',
  path: '/v1/containments/preview',
  summary: 'Show what a containment would block and what it would cost',
  description:
    'By what the workspace did in the last minutes: rates per minute by capability, lane, kind of process and credential, what waits, who is live, which part of it is legitimate, and the narrowest containment that would do. It changes nothing.',
  scope: 'containments:read',
  risk: 'safety',
  audit: 'containment.previewed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject({
    ...wishInput,
    suspect: z
      .string()
      .optional()
      .describe('Whom you suspect: key_… or smtp_…. All others are legitimate. Default: credential.'),
    minutes: z.number().int().min(1).max(1440).default(60).describe('How far to look back; default 60.'),
  }),
  output: Preview,
  handle: (context: OperationContext<{ containments: Containments }>, input) =>
    context.services.containments.preview(context, input),
})
