import { z } from 'zod'
import { pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { actsInput, namedInput, wantedInput, workspaceInput } from '../queue-inputs.ts'
import { callerFrom } from '../queue-service.ts'
import type { QueueService } from '../queue-service.ts'
import { Preview, QueueAct } from '../queue-views.ts'

type Context = OperationContext<{ queue: QueueService }>

const caller = callerFrom('staff')

export const previewStaffAct = defineOperation({
  id: 'staffQueueActs.preview',
  method: 'POST',
  path: '/v1/queue/preview',
  summary: 'Show what a pause or hold would touch',
  description: 'Numbers by lane, state, site and workspace; no address. It changes nothing.',
  scope: 'installation:read',
  risk: 'safety',
  audit: 'queue.previewed',
  faults: ['invalid_request', 'not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({
    ...workspaceInput,
    act: z.enum(['pause', 'hold']),
    filter: wantedInput.filter,
    until: wantedInput.until,
  }),
  output: Preview,
  handle: (context: Context, input) => context.services.queue.preview(caller(context, input), input),
})

export const createStaffAct = defineOperation({
  id: 'staffQueueActs.create',
  method: 'POST',
  path: '/v1/queue/acts',
  summary: 'Pause or hold mail as it was previewed',
  description: 'Staff take away: only the operator gives it back.',
  scope: 'containments:write',
  risk: 'safety',
  audit: ['queue.paused', 'queue.held'],
  faults: ['invalid_request', 'not_found', 'conflict', 'unavailable'],
  status: 202,
  input: z.strictObject({ ...workspaceInput, ...namedInput }),
  output: QueueAct,
  handle: (context: Context, input) => context.services.queue.act(caller(context, input), input),
})

export const listStaffActs = defineOperation({
  id: 'staffQueueActs.list',
  method: 'GET',
  path: '/v1/queue/acts',
  summary: 'List acts on the queue, newest first',
  scope: 'installation:read',
  risk: 'safety',
  audit: 'queue.acts_listed',
  faults: ['invalid_request', 'not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ ...workspaceInput, ...actsInput }),
  output: pageOf(QueueAct),
  handle: (context: Context, input) => context.services.queue.acts(caller(context, input), input),
})
