import { Fault } from '../../../kernel/faults.ts'
import { decodeId } from '../../../kernel/ids.ts'
import { createBatch, getBatch, listBatches, updateBatch } from '../../../modules/batches/index.ts'
import type { Batches } from '../../../modules/batches/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorAnswer, DoorCall } from '../door.ts'
import { refuse, vendorError } from './errors.ts'
import { isObject } from '../json-object.ts'
import { collect } from './paging.ts'

export interface BatchServices {
  readonly batches: Batches
}

type Call = DoorCall<BatchServices>
type Batch = NonNullable<(typeof getBatch)['types']>['output']
type Stopped = Exclude<Batch['state'], 'active'>

const STATES: Readonly<Record<string, Stopped>> = { pause: 'paused', cancel: 'cancelled' }
const STATUSES: Readonly<Record<Stopped, string>> = { paused: 'pause', cancelled: 'cancel' }

const SCHEDULED = '/v3/user/scheduled_sends'

export const batchRoutes = doorRoutes<BatchServices>([
  { method: 'POST', path: '/v3/mail/batch', doorScope: 'mail.batch.create', handle: create },
  { method: 'GET', path: '/v3/mail/batch/{batch_id}', doorScope: 'mail.batch.read', handle: validate },
  { method: 'POST', path: SCHEDULED, doorScope: 'user.scheduled_sends.create', handle: stop },
  { method: 'GET', path: SCHEDULED, doorScope: 'user.scheduled_sends.read', handle: list },
  { method: 'GET', path: `${SCHEDULED}/{batch_id}`, doorScope: 'user.scheduled_sends.read', handle: show },
  {
    method: 'PATCH',
    path: `${SCHEDULED}/{batch_id}`,
    doorScope: 'user.scheduled_sends.update',
    handle: change,
  },
  {
    method: 'DELETE',
    path: `${SCHEDULED}/{batch_id}`,
    doorScope: 'user.scheduled_sends.delete',
    handle: release,
  },
])

async function create(call: Call): Promise<DoorAnswer> {
  const { id } = await call.run(createBatch, {})
  return { status: 201, body: { batch_id: id } }
}

async function validate(call: Call): Promise<DoorAnswer> {
  const batch = await found(call, call.params['batch_id'])
  if (batch === undefined || Date.parse(batch.takesMessagesUntil) < Date.now()) throw invalidBatch()
  return { status: 200, body: { batch_id: batch.id } }
}

async function stop(call: Call): Promise<DoorAnswer> {
  const body = isObject(call.body) ? call.body : {}
  const state = stateOf(body['status'])
  const batchId = body['batch_id']
  if (typeof batchId !== 'string' || batchId === '')
    throw refuse(400, vendorError('batch_id is required', 'batch_id'))
  const batch = await found(call, batchId)
  if (batch === undefined) throw invalidBatch()
  if (batch.state !== 'active')
    throw refuse(400, vendorError('a status for this batch id exists, try PATCH to update the status'))
  return { status: 201, body: presented(await changed(call, batch.id, state)) }
}

async function list(call: Call): Promise<DoorAnswer> {
  const batches = await collect((page) => call.run(listBatches, page))
  return { status: 200, body: batches.map(presented) }
}

/** A list too: it is empty where nothing stops the batch. */
async function show(call: Call): Promise<DoorAnswer> {
  const batch = await found(call, call.params['batch_id'])
  return { status: 200, body: batch === undefined || batch.state === 'active' ? [] : [presented(batch)] }
}

async function change(call: Call): Promise<DoorAnswer> {
  const state = stateOf(isObject(call.body) ? call.body['status'] : undefined)
  await changed(call, (await stopped(call)).id, state)
  return { status: 204 }
}

async function release(call: Call): Promise<DoorAnswer> {
  await changed(call, (await stopped(call)).id, 'active')
  return { status: 204 }
}

function presented({ id, state }: Batch) {
  return { batch_id: id, status: state === 'active' ? null : STATUSES[state] }
}

async function changed(call: Call, batchId: string, state: Batch['state']): Promise<Batch> {
  try {
    return await call.run(updateBatch, { batchId, state })
  } catch (error) {
    // As many as may be stopped at a time are.
    if (error instanceof Fault && error.code === 'conflict') throw refuse(400, vendorError(error.detail))
    throw error
  }
}

async function found(call: Call, batchId: string | undefined): Promise<Batch | undefined> {
  if (batchId === undefined || decodeId('batch', batchId) === null) return undefined
  try {
    return await call.run(getBatch, { batchId })
  } catch (error) {
    if (error instanceof Fault && error.code === 'not_found') return undefined
    throw error
  }
}

async function stopped(call: Call): Promise<Batch> {
  const batch = await found(call, call.params['batch_id'])
  if (batch !== undefined && batch.state !== 'active') return batch
  throw refuse(404, vendorError('batch id not found'))
}

function invalidBatch() {
  return refuse(400, vendorError('invalid batch id'))
}

function stateOf(status: unknown): Stopped {
  const state = typeof status === 'string' && Object.hasOwn(STATES, status) ? STATES[status] : undefined
  if (state !== undefined) return state
  throw refuse(400, vendorError('status must be either cancel or pause', 'status'))
}
