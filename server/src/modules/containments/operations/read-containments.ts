import { z } from 'zod'
import { idOf, listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Containment } from '../containment.ts'
import type { Containments } from '../containments-service.ts'

export const listContainments = defineOperation({
  id: 'containments.list',
  method: 'GET',
  path: '/v1/containments',
  summary: 'List what is or was cut off, newest first',
  description: 'Those of the workspace, and those of the whole installation while they are in force.',
  scope: 'containments:read',
  risk: 'safety',
  audit: 'containment.listed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject(listInput),
  output: pageOf(Containment),
  handle: (context: OperationContext<{ containments: Containments }>, input) =>
    context.services.containments.list(context, input),
})

export const getContainment = defineOperation({
  id: 'containments.get',
  method: 'GET',
  path: '/v1/containments/{containmentId}',
  summary: 'Show a containment, its reason, and who has asked to lift it',
  scope: 'containments:read',
  risk: 'safety',
  audit: 'containment.read',
  faults: ['not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ containmentId: z.string() }),
  output: Containment,
  handle: (context: OperationContext<{ containments: Containments }>, input) =>
    context.services.containments.get(context, idOf('containment', input.containmentId)),
})
