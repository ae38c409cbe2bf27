import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { ApiKeyWithSecret } from '../../api-keys/index.ts'
import { Workspace } from '../workspace.ts'
import type { Workspaces } from '../workspaces-service.ts'

export const createWorkspace = defineOperation({
  id: 'workspaces.create',
  method: 'POST',
  path: '/v1/workspaces',
  summary: 'Make a workspace and its first API key',
  description: "Needs the operator's key. The API key has all scopes and is shown once.",
  scope: 'workspaces:write',
  risk: 'installation',
  audit: 'workspace.created',
  faults: ['invalid_request'],
  status: 201,
  input: z.strictObject({ name: z.string().trim().min(1).max(200) }),
  output: z.object({ workspace: Workspace, apiKey: ApiKeyWithSecret }),
  handle: (context: OperationContext<{ workspaces: Workspaces }>, input) =>
    context.services.workspaces.create(context.actor, input.name),
})
