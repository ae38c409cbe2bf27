import { getTagStatistics } from '../../../modules/statistics/index.ts'
import type { TagStatisticsService } from '../../../modules/statistics/index.ts'
import type { DoorCall } from '../door.ts'
import type { Counts } from './statistics.ts'

const DAY_MS = 86_400_000

interface TagCounts {
  readonly delivered: number
  readonly bounced: number
  readonly expired: number
  readonly suppressed: number
  readonly returned: number
  readonly complained: number
  readonly unsubscribed: number
  readonly opened: number
  readonly clicked: number
}

/** What was counted of a tag, under the vendor's names. */
export function countsOf(counted: TagCounts): Counts {
  return {
    sent: counted.delivered + counted.bounced + counted.expired,
    hard_bounces: counted.bounced + counted.returned,
    soft_bounces: counted.expired,
    rejects: counted.suppressed,
    complaints: counted.complained,
    unsubs: counted.unsubscribed,
    opens: counted.opened,
    unique_opens: counted.opened,
    clicks: counted.clicked,
    unique_clicks: counted.clicked,
  }
}

/** What was counted of a tag on each of the last days, the newest last. */
export async function dailyTagCounts(
  call: DoorCall<{ tagStatistics: TagStatisticsService }>,
  tag: string,
  days: number,
): Promise<readonly Counts[]> {
  const since = new Date(Date.now() - (days - 1) * DAY_MS).toISOString().slice(0, 10)
  const { data } = await call.run(getTagStatistics, { tag: [tag], since })
  return (data[0]?.days ?? []).map(({ counts }) => countsOf(counts))
}
