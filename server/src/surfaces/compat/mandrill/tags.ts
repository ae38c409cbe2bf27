import { listMessages } from '../../../modules/messages/index.ts'
import type { Messages } from '../../../modules/messages/index.ts'
import { listTags } from '../../../modules/statistics/index.ts'
import type { TagStatisticsService } from '../../../modules/statistics/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorCall } from '../door.ts'
import { collect } from '../listing.ts'
import { parametersOf } from './body.ts'
import { createProblems, textAt } from './checks.ts'
import { unknownTag } from './errors.ts'
import { route } from './routes.ts'
import { reputationOf, sumOf, windowsOf } from './statistics.ts'
import { countsOf, dailyTagCounts } from './tag-statistics.ts'

export interface TagServices {
  readonly messages: Messages
  readonly tagStatistics: TagStatisticsService
}

type Call = DoorCall<TagServices>

const DAYS_KEPT = 400
/** The vendor keeps the first hundred tags of an account. */
const LISTED_MAX = 1_000

async function list(call: Call) {
  const tags = await collect(
    (page) => call.run(listTags, page),
    (items) => items.length >= LISTED_MAX,
  )
  return tags.map(({ tag, counts }) => {
    const told = countsOf(counts)
    return { tag, reputation: reputationOf(told), ...told }
  })
}

async function info(call: Call) {
  const problems = createProblems()
  const tag = textAt(problems, parametersOf(call, 'tag')['tag'], ['tag'], 255)?.trim() ?? ''
  problems.throwIfAny()
  if (tag === '') throw unknownTag(tag)
  const days = await dailyTagCounts(call, tag, DAYS_KEPT)
  const total = sumOf(days)
  // What was sent a moment ago is not counted yet.
  if (Object.values(total).every((count) => count === 0)) {
    const { data } = await call.run(listMessages, { tag, limit: 1 })
    if (data.length === 0) throw unknownTag(tag)
  }
  return { tag, reputation: reputationOf(total), ...total, stats: windowsOf(days) }
}

/** What became of mail, by its tags. */
export const tagRoutes = doorRoutes<TagServices>([route('tags/list', list), route('tags/info', info)])
