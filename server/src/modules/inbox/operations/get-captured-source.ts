import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineBytesOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Inbox } from '../inbox-service.ts'

export const getCapturedSource = defineBytesOperation({
  id: 'inbox.source',
  method: 'GET',
  path: '/v1/inbox/{capturedId}/source',
  summary: 'The source of a captured message, byte for byte',
  scope: 'inbox:read',
  risk: 'read',
  audit: 'inbox.source_read',
  faults: ['not_found', 'content_gone', 'unavailable'],
  produces: 'message/rfc822',
  input: z.strictObject({ capturedId: z.string() }),
  handle: (context: OperationContext<{ inbox: Inbox }>, input) =>
    context.services.inbox.source(context, idOf('captured', input.capturedId)),
})
