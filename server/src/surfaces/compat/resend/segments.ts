import { z } from 'zod'
import { createList, deleteList, getList, listLists, updateList } from '../../../modules/contacts/index.ts'
import type { ContactLists } from '../../../modules/contacts/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorAnswer, DoorCall, DoorRoute } from '../door.ts'
import { bodyOf } from './body.ts'
import { invalid, unlessMissing } from './errors.ts'
import { ownId, uuidOf } from './ids.ts'
import { listOf, WHOLE } from './paging.ts'
import { FULL } from './permissions.ts'
import { presentSegment } from './segment-view.ts'

export interface SegmentServices {
  readonly contactLists: ContactLists
}

type Call = DoorCall<SegmentServices>

const NewSegment = z.object({ name: z.string().min(1), filter: z.unknown().optional() })
const Change = z.object({ name: z.string().min(1) })

/** Segments and, by their name of before, audiences: lists of contacts. */
function routesOf(path: string, object: 'segment' | 'audience'): readonly DoorRoute<SegmentServices>[] {
  const one = `${path}/{id}`
  return doorRoutes<SegmentServices>([
    { method: 'POST', path, doorScope: FULL, handle: (call) => create(call, object) },
    { method: 'GET', path, doorScope: FULL, handle: list },
    { method: 'GET', path: one, doorScope: FULL, handle: (call) => show(call, object) },
    { method: 'PATCH', path: one, doorScope: FULL, handle: (call) => update(call, object) },
    { method: 'DELETE', path: one, doorScope: FULL, handle: (call) => remove(call, object) },
  ])
}

async function create(call: Call, object: string): Promise<DoorAnswer> {
  const { name, filter } = bodyOf(call, NewSegment)
  if (filter !== undefined && filter !== null)
    throw invalid(
      'Invalid `filter` field: segments hold the contacts that were added to them; they are not found by a filter here.',
    )
  const made = await call.run(createList, { name })
  return { status: 201, body: { object, id: uuidOf('list', made.id), name: made.name } }
}

function list(call: Call): Promise<DoorAnswer> {
  return listOf(
    call,
    { kind: 'list', ask: (page) => call.run(listLists, page), standard: WHOLE },
    presentSegment,
  )
}

async function show(call: Call, object: string): Promise<DoorAnswer> {
  const segment = await call.run(getList, { listId: idOf(call) })
  return { status: 200, body: { object, ...presentSegment(segment) } }
}

async function update(call: Call, object: string): Promise<DoorAnswer> {
  const { name } = bodyOf(call, Change)
  const changed = await call.run(updateList, { listId: idOf(call), name })
  return { status: 200, body: { object, id: uuidOf('list', changed.id), name: changed.name } }
}

/** One that is not there is gone, as the vendor says of it too. */
async function remove(call: Call, object: string): Promise<DoorAnswer> {
  const listId = idOf(call)
  await unlessMissing(() => call.run(deleteList, { listId }))
  return { status: 200, body: { object, id: uuidOf('list', listId), deleted: true } }
}

function idOf(call: Call): string {
  return ownId('list', call.params['id'])
}

export const segmentRoutes = doorRoutes<SegmentServices>([
  ...routesOf('/segments', 'segment'),
  ...routesOf('/audiences', 'audience'),
])
