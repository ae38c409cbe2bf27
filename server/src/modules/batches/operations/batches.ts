import { z } from 'zod'
import { idOf, listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation, type OperationContext } from '../../../platform/http/operation.ts'
import { Batch, BATCH_STATES } from '../batch.ts'
import type { Batches } from '../batches-service.ts'

type Context = OperationContext<{ batches: Batches }>

const ofBatch = { batchId: z.string() }

export const createBatch = defineOperation({
  id: 'batches.create',
  method: 'POST',
  path: '/v1/batches',
  summary: 'Make a batch',
  description: 'Messages name it for ten days; then they are paused or cancelled together by it.',
  scope: 'messages:send',
  risk: 'write',
  audit: 'batch.created',
  faults: ['invalid_request', 'unavailable'],
  status: 201,
  input: z.strictObject({}),
  output: Batch,
  handle: (context: Context) => context.services.batches.create(context),
})

export const listBatches = defineOperation({
  id: 'batches.list',
  method: 'GET',
  path: '/v1/batches',
  summary: 'List the batches that are paused or cancelled, newest first',
  scope: 'messages:read',
  risk: 'read',
  audit: 'batch.listed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject(listInput),
  output: pageOf(Batch),
  handle: (context: Context, input) => context.services.batches.list(context, input),
})

export const getBatch = defineOperation({
  id: 'batches.get',
  method: 'GET',
  path: '/v1/batches/{batchId}',
  summary: 'Show a batch',
  scope: 'messages:read',
  risk: 'read',
  audit: 'batch.read',
  faults: ['not_found', 'unavailable'],
  status: 200,
  input: z.strictObject(ofBatch),
  output: Batch,
  handle: (context: Context, input) => context.services.batches.get(context, idOf('batch', input.batchId)),
})

export const updateBatch = defineOperation({
  id: 'batches.update',
  method: 'PATCH',
  path: '/v1/batches/{batchId}',
  summary: 'Pause, cancel or release the messages of a batch',
  description:
    'paused: what is due waits. cancelled: what is due is cancelled, and until then this can be taken back. active: what waits goes when it is due. It holds for messages that name the batch later too. At most 100 batches are paused or cancelled at a time.',
  scope: 'messages:write',
  risk: 'write',
  audit: 'batch.changed',
  faults: ['invalid_request', 'not_found', 'conflict', 'unavailable'],
  status: 200,
  input: z.strictObject({ ...ofBatch, state: z.enum(BATCH_STATES) }),
  output: Batch,
  handle: (context: Context, input) =>
    context.services.batches.update(context, idOf('batch', input.batchId), input.state),
})
