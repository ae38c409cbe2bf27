import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { PermissionSet, SetName, SetScopes } from '../member.ts'
import type { PermissionSets } from '../permission-sets-service.ts'

export const updatePermissionSet = defineOperation({
  id: 'permissionSets.update',
  method: 'PATCH',
  path: '/v1/permission-sets/{permissionSetId}',
  summary: 'Change a permission set',
  description:
    'Holds at the next request of everybody who has it. You need all rights of the set, before and after.',
  scope: 'members:write',
  risk: 'credential',
  stepUpSeconds: 300,
  audit: 'permission_set.updated',
  faults: ['invalid_request', 'missing_scope', 'not_found', 'conflict'],
  status: 200,
  input: z.strictObject({
    permissionSetId: z.string(),
    name: SetName.optional(),
    scopes: SetScopes.optional(),
  }),
  output: PermissionSet,
  handle: (context: OperationContext<{ permissionSets: PermissionSets }>, input) =>
    context.services.permissionSets.update(context, idOf('permissionSet', input.permissionSetId), input),
})
