import { z } from 'zod'
import { pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import {
  ACT_AUDITS,
  UNDO_AUDITS,
  actsInput,
  cancelInput,
  lookInput,
  namedInput,
  undoInput,
  wantedInput,
  workspaceInput,
} from '../queue-inputs.ts'
import { callerFrom } from '../queue-service.ts'
import type { QueueService } from '../queue-service.ts'
import { InstallationOverview, Preview, QueueAct } from '../queue-views.ts'

type Context = OperationContext<{ queue: QueueService }>

const caller = callerFrom('operator')

export const getInstallationQueue = defineOperation({
  id: 'installationQueue.get',
  method: 'GET',
  path: '/v1/installation/queue',
  summary: 'What waits in the installation, by lane, state, site and workspace, and why',
  description: "Needs the operator's key.",
  scope: 'queue:read',
  risk: 'read',
  audit: 'queue.read',
  faults: ['not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ ...workspaceInput, ...lookInput }),
  output: InstallationOverview,
  handle: (context: Context, input) => context.services.queue.overview(caller(context, input), input),
})

export const previewInstallationAct = defineOperation({
  id: 'installationQueueActs.preview',
  method: 'POST',
  path: '/v1/installation/queue/preview',
  summary: 'Show what an act on the queue of the installation would touch',
  description: "Needs the operator's key. It changes nothing.",
  scope: 'queue:read',
  risk: 'read',
  audit: 'queue.previewed',
  faults: ['invalid_request', 'not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ ...workspaceInput, ...wantedInput }),
  output: Preview,
  handle: (context: Context, input) => context.services.queue.preview(caller(context, input), input),
})

export const createInstallationAct = defineOperation({
  id: 'installationQueueActs.create',
  method: 'POST',
  path: '/v1/installation/queue/acts',
  summary: 'Pause, hold, release, requeue or expire mail of the installation, as it was previewed',
  description:
    "Needs the operator's key. A workspace reads of what is done to its mail, and why, in its events and in its audit log.",
  scope: 'queue:write',
  risk: 'write',
  audit: ACT_AUDITS,
  faults: ['invalid_request', 'not_found', 'conflict', 'unavailable'],
  bodyBytesMax: 512 * 1024,
  status: 202,
  input: z.strictObject({ ...workspaceInput, ...namedInput }),
  output: QueueAct,
  handle: (context: Context, input) => context.services.queue.act(caller(context, input), input),
})

export const listInstallationActs = defineOperation({
  id: 'installationQueueActs.list',
  method: 'GET',
  path: '/v1/installation/queue/acts',
  summary: 'List acts on the queue of the installation, newest first',
  description: "Needs the operator's key. Those of workspaces and of staff too.",
  scope: 'queue:read',
  risk: 'read',
  audit: 'queue.acts_listed',
  faults: ['invalid_request', 'not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ ...workspaceInput, ...actsInput }),
  output: pageOf(QueueAct),
  handle: (context: Context, input) => context.services.queue.acts(caller(context, input), input),
})

export const getInstallationAct = defineOperation({
  id: 'installationQueueActs.get',
  method: 'GET',
  path: '/v1/installation/queue/acts/{actId}',
  summary: 'Show any act on the queue and how far it is',
  description: "Needs the operator's key.",
  scope: 'queue:read',
  risk: 'read',
  audit: 'queue.act_read',
  faults: ['not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ actId: z.string().max(100) }),
  output: QueueAct,
  handle: (context: Context, input) => context.services.queue.getAct(caller(context, {}), input.actId),
})

export const undoInstallationAct = defineOperation({
  id: 'installationQueueActs.undo',
  method: 'POST',
  path: '/v1/installation/queue/acts/{actId}/undo',
  summary: 'Resume any pause, or take back any other act',
  description: "Needs the operator's key. What staff have held, too.",
  scope: 'queue:write',
  risk: 'write',
  audit: UNDO_AUDITS,
  faults: ['invalid_request', 'not_found', 'conflict', 'unavailable'],
  status: 202,
  input: z.strictObject(undoInput),
  output: QueueAct,
  handle: (context: Context, input) =>
    context.services.queue.undo(caller(context, {}), input.actId, input.reason),
})

export const cancelInstallationAct = defineOperation({
  id: 'installationQueueActs.cancel',
  method: 'POST',
  path: '/v1/installation/queue/acts/{actId}/cancel',
  summary: 'Stop any act that is at work where it is',
  description: "Needs the operator's key. What it did by then stays, and can be undone.",
  scope: 'queue:write',
  risk: 'write',
  audit: 'queue.cancelled',
  faults: ['not_found', 'conflict', 'unavailable'],
  status: 200,
  input: z.strictObject(cancelInput),
  output: QueueAct,
  handle: (context: Context, input) => context.services.queue.cancel(caller(context, {}), input.actId),
})
