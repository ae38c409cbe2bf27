import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { PermissionSet, SetName, SetScopes } from '../member.ts'
import type { PermissionSets } from '../permission-sets-service.ts'

export const createPermissionSet = defineOperation({
  id: 'permissionSets.create',
  method: 'POST',
  path: '/v1/permission-sets',
  summary: 'Make a permission set',
  description: 'Rights to give to members in place of those of a role; at most your own.',
  scope: 'members:write',
  risk: 'credential',
  stepUpSeconds: 300,
  audit: 'permission_set.created',
  faults: ['invalid_request', 'missing_scope', 'conflict'],
  status: 201,
  input: z.strictObject({ name: SetName, scopes: SetScopes }),
  output: PermissionSet,
  handle: (context: OperationContext<{ permissionSets: PermissionSets }>, input) =>
    context.services.permissionSets.create(context, input),
})
