import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Workspace } from '../workspace.ts'
import type { Workspaces } from '../workspaces-service.ts'

export const getWorkspace = defineOperation({
  id: 'workspaces.own',
  method: 'GET',
  path: '/v1/workspace',
  summary: "Show the caller's own workspace",
  scope: 'workspace:read',
  risk: 'read',
  audit: 'workspace.read',
  faults: ['not_found'],
  status: 200,
  input: z.strictObject({}),
  output: Workspace,
  handle: (context: OperationContext<{ workspaces: Workspaces }>) => context.services.workspaces.own(context),
})
