import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineEmptyOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { PermissionSets } from '../permission-sets-service.ts'

export const removePermissionSet = defineEmptyOperation({
  id: 'permissionSets.delete',
  method: 'DELETE',
  path: '/v1/permission-sets/{permissionSetId}',
  summary: 'Delete a permission set that nobody has',
  scope: 'members:write',
  risk: 'credential',
  stepUpSeconds: 300,
  audit: 'permission_set.deleted',
  faults: ['not_found', 'conflict'],
  input: z.strictObject({ permissionSetId: z.string() }),
  handle: (context: OperationContext<{ permissionSets: PermissionSets }>, input) =>
    context.services.permissionSets.remove(context, idOf('permissionSet', input.permissionSetId)),
})
