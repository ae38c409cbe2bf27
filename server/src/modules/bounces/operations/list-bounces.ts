import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Bounce } from '../bounce.ts'
import type { Bounces } from '../bounces-service.ts'
import { REPORT_KINDS } from '../findings.ts'

export const listBounces = defineOperation({
  id: 'bounces.list',
  method: 'GET',
  path: '/v1/bounces',
  summary: 'List bounces, complaints and machines’ replies that came back, newest first',
  scope: 'messages:read',
  risk: 'read',
  audit: 'bounces.listed',
  faults: ['invalid_request', 'not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({
    ...listInput,
    messageId: z.string().optional().describe('Only what came back for this message.'),
    kind: z.enum(REPORT_KINDS).optional(),
  }),
  output: pageOf(Bounce),
  handle: (context: OperationContext<{ bounces: Bounces }>, input) =>
    context.services.bounces.list(context, input),
})
