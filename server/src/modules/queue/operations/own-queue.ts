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
} from '../queue-inputs.ts'
import type { QueueCaller, QueueService } from '../queue-service.ts'
import { Overview, Preview, QueueAct } from '../queue-views.ts'

type Context = OperationContext<{ queue: QueueService }>

const caller = ({ workspaceId, actor }: Context): QueueCaller => ({
  origin: 'workspace',
  workspaceId,
  actor,
})

export const getQueue = defineOperation({
  id: 'queue.get',
  method: 'GET',
  path: '/v1/queue',
  summary: 'What waits, by lane, state and site, and why',
  scope: 'messages:read',
  risk: 'read',
  audit: 'queue.read',
  faults: ['unavailable'],
  status: 200,
  input: z.strictObject(lookInput),
  output: Overview,
  async handle(context: Context, input) {
    const { workspaces: _own, ...overview } = await context.services.queue.overview(caller(context), input)
    return overview
  },
})

export const previewAct = defineOperation({
  id: 'queueActs.preview',
  method: 'POST',
  path: '/v1/queue/preview',
  summary: 'Show what an act on the queue would touch',
  description:
    'Counts by lane, state and site, and answers the token that the act takes. It changes nothing. Numbers are exact unless `complete` is false.',
  scope: 'messages:read',
  risk: 'read',
  audit: 'queue.previewed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject(wantedInput),
  output: Preview,
  handle: (context: Context, input) => context.services.queue.preview(caller(context), input),
})

export const createAct = defineOperation({
  id: 'queueActs.create',
  method: 'POST',
  path: '/v1/queue/acts',
  summary: 'Pause, hold, release, requeue or expire what was previewed',
  description:
    'It begins at once and goes on in batches; its state tells how far it is. Only what was accepted before the preview is touched, but for a pause, which stops what comes, too. Refused where there is more of it than was shown.',
  scope: 'messages:write',
  risk: 'write',
  audit: ACT_AUDITS,
  faults: ['invalid_request', 'conflict', 'unavailable'],
  bodyBytesMax: 512 * 1024,
  status: 202,
  input: z.strictObject(namedInput),
  output: QueueAct,
  handle: (context: Context, input) => context.services.queue.act(caller(context), input),
})

export const listActs = defineOperation({
  id: 'queueActs.list',
  method: 'GET',
  path: '/v1/queue/acts',
  summary: 'List acts on the queue, newest first',
  description:
    'Those on the mail of the workspace, whoever made them, and those of the installation while they hold mail.',
  scope: 'messages:read',
  risk: 'read',
  audit: 'queue.acts_listed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject(actsInput),
  output: pageOf(QueueAct),
  handle: (context: Context, input) => context.services.queue.acts(caller(context), input),
})

export const getAct = defineOperation({
  id: 'queueActs.get',
  method: 'GET',
  path: '/v1/queue/acts/{actId}',
  summary: 'Show an act on the queue and how far it is',
  scope: 'messages:read',
  risk: 'read',
  audit: 'queue.act_read',
  faults: ['not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ actId: z.string().max(100) }),
  output: QueueAct,
  handle: (context: Context, input) => context.services.queue.getAct(caller(context), input.actId),
})

export const undoAct = defineOperation({
  id: 'queueActs.undo',
  method: 'POST',
  path: '/v1/queue/acts/{actId}/undo',
  summary: 'Resume a pause, or take back another act',
  description:
    'An act that is at work stops. What it held goes on in its old order. A release or requeue is taken back by a new act, which is answered. What was sent or has expired meanwhile stays so.',
  scope: 'messages:write',
  risk: 'write',
  audit: UNDO_AUDITS,
  faults: ['invalid_request', 'not_found', 'conflict', 'unavailable'],
  status: 202,
  input: z.strictObject(undoInput),
  output: QueueAct,
  handle: (context: Context, input) =>
    context.services.queue.undo(caller(context), input.actId, input.reason),
})

export const cancelAct = defineOperation({
  id: 'queueActs.cancel',
  method: 'POST',
  path: '/v1/queue/acts/{actId}/cancel',
  summary: 'Stop an act that is at work where it is',
  description:
    'What it held stays held, what it released or moved stays so; undo takes that back. `expire` ends nobody any more. A pause is resumed instead.',
  scope: 'messages:write',
  risk: 'write',
  audit: 'queue.cancelled',
  faults: ['not_found', 'conflict', 'unavailable'],
  status: 200,
  input: z.strictObject(cancelInput),
  output: QueueAct,
  handle: (context: Context, input) => context.services.queue.cancel(caller(context), input.actId),
})
