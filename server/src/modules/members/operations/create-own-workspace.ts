import { z } from 'zod'
import { Fault } from '../../../kernel/faults.ts'
import { Instant } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { personOf } from '../standings.ts'
import type { Members } from '../members-service.ts'

export const createOwnWorkspace = defineOperation({
  id: 'account.createWorkspace',
  method: 'POST',
  path: '/v1/account/workspaces',
  summary: 'Make a workspace of your own',
  description: 'You become its owner. Only where BULKHEAD_SIGN_UP lets people make workspaces.',
  scope: 'account',
  risk: 'write',
  stepUpSeconds: 300,
  audit: 'workspace.created',
  faults: ['invalid_request', 'missing_scope', 'conflict'],
  status: 201,
  input: z.strictObject({ name: z.string().trim().min(1).max(200) }),
  output: z.object({ id: z.string(), name: z.string(), createdAt: Instant }),
  handle: async (context: OperationContext<{ members: Members }>, input) => {
    if (!context.services.members.mayCreateWorkspaces)
      throw new Fault('missing_scope', {
        detail: 'On this installation the operator makes workspaces. Ask whoever runs it.',
      })
    return context.services.members.createWorkspace(personOf(context.principal).personId, input.name)
  },
})
