import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Quotas, type QuotasService } from '../quotas-service.ts'

type Context = OperationContext<{ quotas: QuotasService }>

export const getQuotas = defineOperation({
  id: 'quotas.get',
  method: 'GET',
  path: '/v1/quotas',
  summary: 'Show limits of sending and what is used of them',
  description: 'Of the workspace and of its credentials. Nothing is taken by asking.',
  scope: 'messages:read',
  risk: 'read',
  audit: 'quotas.read',
  faults: [],
  status: 200,
  input: z.strictObject({}),
  output: Quotas,
  handle: (context: Context) => context.services.quotas.get(context),
})

export const getWorkspaceQuotas = defineOperation({
  id: 'quotas.getForWorkspace',
  method: 'GET',
  path: '/v1/workspaces/{workspaceId}/quotas',
  summary: 'Show limits of a workspace and what is used of them',
  description: "Needs the operator's key.",
  scope: 'workspaces:read',
  risk: 'read',
  audit: 'quotas.read',
  faults: ['not_found'],
  status: 200,
  input: z.strictObject({ workspaceId: z.string() }),
  output: Quotas,
  handle: (context: Context, input) => context.services.quotas.getFor(idOf('workspace', input.workspaceId)),
})
