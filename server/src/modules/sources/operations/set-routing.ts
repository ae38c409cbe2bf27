import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineEmptyOperation, defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { SourceDesk } from '../source-desk.ts'
import { Lanes, OneLane, PlanName, RouteView } from '../source-views.ts'

type Context = OperationContext<{ sourceDesk: SourceDesk }>

export const setRouting = defineOperation({
  id: 'routing.set',
  method: 'PUT',
  path: '/v1/routing/{workspaceId}',
  summary: 'Give lanes of a workspace a pool of their own',
  description:
    "Needs the operator's key. Holds for what is sent from now on, also for mail that waits already. A pool that no host's file has is kept, and the pool of the lane is used until one has: `known` says so.",
  scope: 'sources:write',
  risk: 'installation',
  audit: 'routing.set',
  faults: ['invalid_request', 'not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ workspaceId: z.string(), lanes: Lanes, pool: PlanName }),
  output: z.object({ data: z.array(RouteView).describe('All lanes of the workspace that have one.') }),
  handle: async (context: Context, input) => ({
    data: await context.services.sourceDesk.route(
      context.actor,
      idOf('workspace', input.workspaceId),
      input.lanes,
      input.pool,
    ),
  }),
})

export const clearRouting = defineEmptyOperation({
  id: 'routing.clear',
  method: 'DELETE',
  path: '/v1/routing/{workspaceId}',
  summary: 'Let lanes of a workspace use the common pool again',
  description: "Needs the operator's key.",
  scope: 'sources:write',
  risk: 'installation',
  audit: 'routing.cleared',
  faults: ['invalid_request', 'not_found', 'unavailable'],
  input: z.strictObject({
    workspaceId: z.string(),
    lane: OneLane.optional().describe('Only this lane; without it: all.'),
  }),
  handle: (context: Context, input) =>
    context.services.sourceDesk.unroute(
      context.actor,
      idOf('workspace', input.workspaceId),
      input.lane ?? null,
    ),
})
