import { z } from 'zod'
import { defineEmptyOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Members } from '../members-service.ts'

export const leaveWorkspace = defineEmptyOperation({
  id: 'members.leave',
  method: 'DELETE',
  path: '/v1/account/workspaces/{workspaceId}',
  summary: 'Leave a workspace',
  description: 'The last owner cannot leave. Coming back takes a new invitation.',
  scope: 'account',
  risk: 'safety',
  stepUpSeconds: 300,
  audit: 'member.left',
  faults: ['not_found', 'conflict'],
  input: z.strictObject({ workspaceId: z.string() }),
  handle: (context: OperationContext<{ members: Members }>, input) =>
    context.services.members.leave(context, input.workspaceId),
})
