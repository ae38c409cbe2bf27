import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { PermissionSet } from '../member.ts'
import type { PermissionSets } from '../permission-sets-service.ts'

export const listPermissionSets = defineOperation({
  id: 'permissionSets.list',
  method: 'GET',
  path: '/v1/permission-sets',
  summary: 'List permission sets, newest first',
  scope: 'members:read',
  risk: 'read',
  audit: 'permission_set.listed',
  faults: ['invalid_request'],
  status: 200,
  input: z.strictObject(listInput),
  output: pageOf(PermissionSet),
  handle: (context: OperationContext<{ permissionSets: PermissionSets }>, input) =>
    context.services.permissionSets.list(context, input),
})
