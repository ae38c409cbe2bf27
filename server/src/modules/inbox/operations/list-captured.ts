import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { CapturedSummary } from '../captured.ts'
import type { Inbox } from '../inbox-service.ts'

export const listCaptured = defineOperation({
  id: 'inbox.list',
  method: 'GET',
  path: '/v1/inbox',
  summary: 'List captured mail, newest first',
  description: 'With BULKHEAD_OUTBOUND=capture all outgoing mail lands here.',
  scope: 'inbox:read',
  risk: 'read',
  audit: 'inbox.listed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject({
    ...listInput,
    messageId: z.string().optional().describe('Only what came of this message.'),
  }),
  output: pageOf(CapturedSummary),
  handle: (context: OperationContext<{ inbox: Inbox }>, input) => context.services.inbox.list(context, input),
})
