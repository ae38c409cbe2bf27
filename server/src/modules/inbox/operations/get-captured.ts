import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Captured } from '../captured.ts'
import type { Inbox } from '../inbox-service.ts'

export const getCaptured = defineOperation({
  id: 'inbox.get',
  method: 'GET',
  path: '/v1/inbox/{capturedId}',
  summary: 'Show a captured message, parsed and checked',
  scope: 'inbox:read',
  risk: 'read',
  audit: 'inbox.read',
  faults: ['not_found', 'content_gone', 'unavailable'],
  status: 200,
  input: z.strictObject({ capturedId: z.string() }),
  output: Captured,
  handle: (context: OperationContext<{ inbox: Inbox }>, input) =>
    context.services.inbox.get(context, idOf('captured', input.capturedId)),
})
