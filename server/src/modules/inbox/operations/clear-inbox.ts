import { z } from 'zod'
import { defineEmptyOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Inbox } from '../inbox-service.ts'

export const clearInbox = defineEmptyOperation({
  id: 'inbox.clear',
  method: 'DELETE',
  path: '/v1/inbox',
  summary: 'Empty the inbox',
  scope: 'inbox:write',
  risk: 'write',
  audit: 'inbox.cleared',
  faults: [],
  input: z.strictObject({}),
  handle: (context: OperationContext<{ inbox: Inbox }>) => context.services.inbox.clear(context),
})
