import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineBytesOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Inbox } from '../inbox-service.ts'

export const getCapturedAttachment = defineBytesOperation({
  id: 'inbox.attachment',
  method: 'GET',
  path: '/v1/inbox/{capturedId}/attachments/{index}',
  summary: 'One attachment of a captured message',
  description:
    'Always as application/octet-stream, so that no browser runs it; its own type is in the message.',
  scope: 'inbox:read',
  risk: 'read',
  audit: 'inbox.attachment_read',
  faults: ['not_found', 'content_gone', 'unavailable'],
  produces: 'application/octet-stream',
  input: z.strictObject({ capturedId: z.string(), index: z.coerce.number().int().min(0).max(100_000) }),
  handle: (context: OperationContext<{ inbox: Inbox }>, input) =>
    context.services.inbox.attachment(context, idOf('captured', input.capturedId), input.index),
})
