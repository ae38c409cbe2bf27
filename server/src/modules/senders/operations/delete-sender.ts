import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineEmptyOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Senders } from '../senders-service.ts'

export const deleteSender = defineEmptyOperation({
  id: 'senders.delete',
  method: 'DELETE',
  path: '/v1/senders/{senderId}',
  summary: 'Remove a sender',
  scope: 'senders:write',
  risk: 'sender-change',
  audit: 'sender.deleted',
  faults: ['not_found'],
  input: z.strictObject({ senderId: z.string() }),
  handle: (context: OperationContext<{ senders: Senders }>, input) =>
    context.services.senders.remove(context, idOf('sender', input.senderId)),
})
