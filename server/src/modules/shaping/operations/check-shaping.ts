import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Shaping } from '../shaping-service.ts'
import { CheckView } from '../shaping-views.ts'

export const checkShaping = defineOperation({
  id: 'shaping.check',
  method: 'POST',
  path: '/v1/shaping/check',
  summary: 'What is wrong with a file of shaping rules; nothing is applied',
  description:
    "Needs the operator's key. Without `text`: the file that BULKHEAD_SHAPING names, and whether it is in force.",
  scope: 'shaping:read',
  risk: 'read',
  audit: 'shaping.checked',
  faults: ['invalid_request', 'unavailable'],
  bodyBytesMax: 1_048_576,
  status: 200,
  input: z.strictObject({
    text: z.string().max(524_288).optional().describe('The file, TOML, up to 512 KiB.'),
  }),
  output: CheckView,
  handle: (context: OperationContext<{ shaping: Shaping }>, input) =>
    context.services.shaping.check(input.text),
})
