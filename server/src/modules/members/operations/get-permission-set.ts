import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { PermissionSet } from '../member.ts'
import type { PermissionSets } from '../permission-sets-service.ts'

export const getPermissionSet = defineOperation({
  id: 'permissionSets.get',
  method: 'GET',
  path: '/v1/permission-sets/{permissionSetId}',
  summary: 'Show a permission set',
  scope: 'members:read',
  risk: 'read',
  audit: 'permission_set.read',
  faults: ['not_found'],
  status: 200,
  input: z.strictObject({ permissionSetId: z.string() }),
  output: PermissionSet,
  handle: (context: OperationContext<{ permissionSets: PermissionSets }>, input) =>
    context.services.permissionSets.get(context, idOf('permissionSet', input.permissionSetId)),
})
