import { Fault } from '../../../kernel/faults.ts'
import { listMessages } from '../../../modules/messages/index.ts'
import type { Messages } from '../../../modules/messages/index.ts'
import {
  createSubaccount,
  deleteSubaccount,
  getSubaccount,
  listSubaccounts,
  updateSubaccount,
} from '../../../modules/subaccounts/index.ts'
import type { Subaccounts } from '../../../modules/subaccounts/index.ts'
import type { TagStatisticsService } from '../../../modules/statistics/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorCall } from '../door.ts'
import { collect, eachOf } from '../listing.ts'
import { parametersOf } from './body.ts'
import { createProblems, SAY, textAt, toldTime, wholeAt } from './checks.ts'
import type { JsonObject } from '../json-object.ts'
import { notValid, unknownSubaccount } from './errors.ts'
import { route } from './routes.ts'
import { reputationOf, sumOf } from './statistics.ts'
import type { Counts } from './statistics.ts'
import { dailyTagCounts } from './tag-statistics.ts'

export interface SubaccountServices {
  readonly messages: Messages
  readonly subaccounts: Subaccounts
  readonly tagStatistics: TagStatisticsService
}

type Call = DoorCall<SubaccountServices>
type Subaccount = NonNullable<(typeof getSubaccount)['types']>['output']

const LISTED_MAX = 1_000
const REPUTATION_DAYS = 30

function idOf(parameters: JsonObject): string {
  const problems = createProblems()
  const id = textAt(problems, parameters['id'], ['id'], 255)?.trim() ?? ''
  if (id === '') problems.add(['id'], SAY.blank)
  problems.throwIfAny()
  return id
}

function changeOf(parameters: JsonObject) {
  const problems = createProblems()
  const title = textAt(problems, parameters['name'], ['name'], 255)
  const note = textAt(problems, parameters['notes'], ['notes'], 10_000)
  const quota = wholeAt(problems, parameters['custom_quota'], ['custom_quota'])
  if (quota !== undefined && quota < 1)
    problems.add(['custom_quota'], 'Please enter a number that is 1 or greater')
  problems.throwIfAny()
  return {
    ...(title === undefined ? {} : { title }),
    ...(note === undefined ? {} : { note }),
    ...(quota === undefined ? {} : { hourlyQuota: quota }),
  }
}

async function known<Result>(id: string, work: Promise<Result>): Promise<Result> {
  return work.catch((error: unknown) => {
    throw error instanceof Fault && error.code === 'not_found' ? unknownSubaccount(id) : error
  })
}

async function add(call: Call) {
  const parameters = parametersOf(call, 'id')
  const name = idOf(parameters)
  const made = await call
    .run(createSubaccount, { name, ...changeOf(parameters) })
    .catch(async (error: unknown) => {
      if (!(error instanceof Fault) || error.code !== 'conflict') throw error
      const isTaken = await call.run(getSubaccount, { subaccountId: name }).then(
        () => true,
        () => false,
      )
      throw isTaken ? notValid({ id: `A subaccount with id ${name} already exists` }) : error
    })
  return present(call, made)
}

async function list(call: Call) {
  const problems = createProblems()
  const begins = textAt(problems, parametersOf(call)['q'], ['q'], 255)?.trim().toLowerCase() ?? ''
  problems.throwIfAny()
  const found = await collect(
    (page) => call.run(listSubaccounts, page),
    (items) => items.length >= LISTED_MAX,
  )
  const wanted = found.filter(({ name, title }) =>
    [name, title].some((text) => text.toLowerCase().startsWith(begins)),
  )
  return eachOf(wanted.slice(0, LISTED_MAX), (subaccount) => present(call, subaccount))
}

async function info(call: Call) {
  const id = idOf(parametersOf(call, 'id'))
  const subaccount = await known(id, call.run(getSubaccount, { subaccountId: id }))
  const counts = await countsOf(call, subaccount)
  return {
    ...presented(subaccount, counts),
    notes: subaccount.note ?? '',
    sent_hourly: subaccount.sent.hour,
    hourly_quota: subaccount.hourlyQuota ?? UNLIMITED,
    last_30_days: counts,
  }
}

/** What stands for no limit: more than anybody sends. */
const UNLIMITED = 1_000_000_000

async function update(call: Call) {
  const parameters = parametersOf(call, 'id')
  const subaccountId = idOf(parameters)
  const change = changeOf(parameters)
  const changed =
    Object.keys(change).length === 0
      ? call.run(getSubaccount, { subaccountId })
      : call.run(updateSubaccount, { subaccountId, ...change })
  return present(call, await known(subaccountId, changed))
}

function moveTo(state: 'active' | 'paused') {
  return async (call: Call) => {
    const id = idOf(parametersOf(call, 'id'))
    return present(call, await known(id, call.run(updateSubaccount, { subaccountId: id, state })))
  }
}

async function remove(call: Call) {
  const id = idOf(parametersOf(call, 'id'))
  const subaccount = await known(id, call.run(getSubaccount, { subaccountId: id }))
  const shown = await present(call, subaccount)
  // Ours removes none whose mail waits for it. Where none waits, that it is paused says nothing.
  if (subaccount.state === 'paused' && !(await hasWaitingMail(call, subaccount)))
    await known(id, call.run(updateSubaccount, { subaccountId: id, state: 'active' }))
  await known(id, call.run(deleteSubaccount, { subaccountId: id }))
  return shown
}

async function hasWaitingMail(call: Call, { id }: Subaccount): Promise<boolean> {
  const found = await eachOf(['pending', 'held', 'scheduled'] as const, (state) =>
    call.run(listMessages, { tag: tagOf(id), state, limit: 1 }),
  )
  return found.some(({ data }) => data.length > 0)
}

function tagOf(id: string): string {
  return `subaccount:${id}`
}

async function countsOf(call: Call, { id }: Subaccount): Promise<Counts> {
  return sumOf(await dailyTagCounts(call, tagOf(id), REPUTATION_DAYS))
}

async function present(call: Call, subaccount: Subaccount) {
  return presented(subaccount, await countsOf(call, subaccount))
}

function presented(subaccount: Subaccount, counts: Counts) {
  return {
    id: subaccount.name,
    name: subaccount.title,
    custom_quota: subaccount.hourlyQuota,
    status: subaccount.state,
    reputation: reputationOf(counts),
    created_at: toldTime(subaccount.createdAt),
    first_sent_at: subaccount.firstSentAt === null ? null : toldTime(subaccount.firstSentAt),
    sent_weekly: subaccount.sent.week,
    sent_monthly: subaccount.sent.month,
    sent_total: subaccount.sent.total,
  }
}

/** The customer's own customers. */
export const subaccountRoutes = doorRoutes<SubaccountServices>([
  route('subaccounts/add', add),
  route('subaccounts/list', list),
  route('subaccounts/info', info),
  route('subaccounts/update', update),
  route('subaccounts/pause', moveTo('paused')),
  route('subaccounts/resume', moveTo('active')),
  route('subaccounts/delete', remove),
])
