import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Workspace } from '../workspace.ts'
import type { Workspaces } from '../workspaces-service.ts'

export const listWorkspaces = defineOperation({
  id: 'workspaces.list',
  method: 'GET',
  path: '/v1/workspaces',
  summary: 'List the workspaces of the installation, oldest first',
  description: "Needs the operator's key.",
  scope: 'workspaces:read',
  risk: 'read',
  audit: 'workspace.listed',
  faults: ['invalid_request'],
  status: 200,
  input: z.strictObject(listInput),
  output: pageOf(Workspace),
  handle: (context: OperationContext<{ workspaces: Workspaces }>, input) =>
    context.services.workspaces.list(input),
})
