import { z } from 'zod'
import {
  addSuppression,
  deleteSuppression,
  getSuppression,
  listSuppressions,
} from '../../../modules/suppressions/index.ts'
import type { Suppression, Suppressions } from '../../../modules/suppressions/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorAnswer, DoorCall } from '../door.ts'
import { eachOf } from '../listing.ts'
import { bodyOf, queryOf } from './body.ts'
import { invalid, missing, notFound, unlessMissing } from './errors.ts'
import { isUuid, ownId, uuidOf } from './ids.ts'
import { listOf } from './paging.ts'
import { FULL } from './permissions.ts'

export interface SuppressionServices {
  readonly suppressions: Suppressions
}

type Call = DoorCall<SuppressionServices>
type Entry = z.output<typeof Suppression>

const AT_ONCE_MAX = 100
const Address = z.string().min(1).max(1016)
const Many = z.array(Address).min(1).max(AT_ONCE_MAX, `it holds more than ${AT_ONCE_MAX}`)
const One = z.object({ email: Address })
const Added = z.object({ emails: Many })
const Removed = z.object({ emails: Many.optional(), ids: Many.optional() })
const Origin = z.object({ origin: z.enum(['bounce', 'complaint', 'manual']).optional() })

/** Why an address is there: what says it here of each reason there. */
const REASONS = { bounce: 'hard_bounce', complaint: 'complaint', manual: 'manual' } as const

function originOf({ reason }: Entry): keyof typeof REASONS {
  if (reason === 'hard_bounce') return 'bounce'
  return reason === 'complaint' ? 'complaint' : 'manual'
}

function present(entry: Entry) {
  return {
    id: uuidOf('suppression', entry.id),
    email: entry.email ?? '',
    origin: originOf(entry),
    source_id: entry.messageId === null ? null : uuidOf('message', entry.messageId),
    created_at: entry.createdAt,
  }
}

async function added(call: Call, email: string) {
  const { id } = await call.run(addSuppression, { email })
  return { object: 'suppression', id: uuidOf('suppression', id) }
}

async function add(call: Call): Promise<DoorAnswer> {
  return { status: 201, body: await added(call, bodyOf(call, One).email) }
}

async function addMany(call: Call): Promise<DoorAnswer> {
  const { emails } = bodyOf(call, Added)
  return { status: 201, body: { data: await eachOf(emails, (email) => added(call, email)) } }
}

/** Who left newsletters is in no list there: that stops broadcasts only. */
function list(call: Call): Promise<DoorAnswer> {
  const { origin } = queryOf(call, Origin)
  const filter = { scope: 'all' as const, ...(origin === undefined ? {} : { reason: REASONS[origin] }) }
  return listOf(
    call,
    { kind: 'suppression', ask: (page) => call.run(listSuppressions, { ...filter, ...page }) },
    present,
  )
}

async function show(call: Call): Promise<DoorAnswer> {
  const entry = await found(call, call.params['suppression'] ?? '')
  if (entry === undefined) throw notFound('Suppression')
  return { status: 200, body: { object: 'suppression', ...present(entry) } }
}

/** By its id or by the address. */
async function found(call: Call, named: string): Promise<Entry | undefined> {
  if (isUuid(named)) {
    const suppressionId = ownId('suppression', named)
    return unlessMissing(() => call.run(getSuppression, { suppressionId }))
  }
  if (!named.includes('@')) return undefined
  const { data } = await call.run(listSuppressions, { email: named, limit: 1 })
  return data[0]
}

async function removed(call: Call, named: string) {
  const entry = await found(call, named)
  if (entry === undefined) return undefined
  await call.run(deleteSuppression, { suppressionId: entry.id })
  return { object: 'suppression', id: uuidOf('suppression', entry.id), deleted: true }
}

async function remove(call: Call): Promise<DoorAnswer> {
  const body = await removed(call, call.params['suppression'] ?? '')
  if (body === undefined) throw notFound('Suppression')
  return { status: 200, body }
}

/** What is on no list is passed over. */
async function removeMany(call: Call): Promise<DoorAnswer> {
  const { emails, ids } = bodyOf(call, Removed)
  if (emails !== undefined && ids !== undefined) throw invalid('Give `emails` or `ids`, not both.')
  const named = emails ?? ids
  if (named === undefined) throw missing('emails', 'ids')
  const gone = await eachOf([...new Set(named)], (one) => removed(call, one))
  return { status: 200, body: { data: gone.filter((one) => one !== undefined) } }
}

const SUPPRESSION = '/suppressions/{suppression}'

export const suppressionRoutes = doorRoutes<SuppressionServices>([
  { method: 'POST', path: '/suppressions', doorScope: FULL, handle: add },
  { method: 'GET', path: '/suppressions', doorScope: FULL, handle: list },
  { method: 'POST', path: '/suppressions/batch/add', doorScope: FULL, handle: addMany },
  { method: 'POST', path: '/suppressions/batch/remove', doorScope: FULL, handle: removeMany },
  { method: 'GET', path: SUPPRESSION, doorScope: FULL, handle: show },
  { method: 'DELETE', path: SUPPRESSION, doorScope: FULL, handle: remove },
])
