import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { SourceDesk } from '../source-desk.ts'
import { RouteView, SourceView } from '../source-views.ts'

type Context = OperationContext<{ sourceDesk: SourceDesk }>

export const listSources = defineOperation({
  id: 'sources.list',
  method: 'GET',
  path: '/v1/sources',
  summary: 'Where mail leaves from: addresses, hosts, pauses and warm-ups',
  description:
    "Needs the operator's key. As the senders of all hosts tell it: which host has the addresses of which source, what rests and why, and what is used of today's warm-up numbers at each provider. At most 1,000.",
  scope: 'sources:read',
  risk: 'safety',
  audit: 'source.listed',
  faults: ['unavailable'],
  status: 200,
  input: z.strictObject({}),
  output: z.object({ data: z.array(SourceView) }),
  handle: async (context: Context) => ({ data: await context.services.sourceDesk.list() }),
})

export const listRouting = defineOperation({
  id: 'routing.list',
  method: 'GET',
  path: '/v1/routing',
  summary: 'Which workspaces have a pool of their own, by lane',
  description:
    "Needs the operator's key. Lanes without a line use the pool that the shaping file gives the lane, or `default`. At most 10,000.",
  scope: 'sources:read',
  risk: 'safety',
  audit: 'routing.listed',
  faults: ['not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ workspaceId: z.string().optional() }),
  output: z.object({ data: z.array(RouteView) }),
  handle: async (context: Context, input) => ({
    data: await context.services.sourceDesk.routes(
      input.workspaceId === undefined ? null : idOf('workspace', input.workspaceId),
    ),
  }),
})
