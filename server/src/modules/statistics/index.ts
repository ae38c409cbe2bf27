/**
 * Statistics: what happened to mail over time, by lane, provider and source. docs/statistics.md.
 *
 * Tables owned: statistic, installation_statistic, tag_statistic, statistic_cursor. Invariants: what is counted and how far are one commit, so that nothing is
 * counted twice or passed over, whoever dies in between; rows of transactions that commit late are waited for; accepting and delivering do
 * nothing for it; nothing of it names a person.
 */
import { getTagStatistics, listTags } from './operations/tags.ts'
import { getInstallationStatistics, getStatistics } from './operations/get-statistics.ts'

export { startStatistics } from './statistics-loop.ts'
export { getStatistics } from './operations/get-statistics.ts'
export { getTagStatistics, listTags } from './operations/tags.ts'
export { createStatistics, type StatisticsService } from './statistics-service.ts'

export { createTagStatistics, type TagStatisticsService } from './tag-statistics.ts'

export const statisticsOperations = [getStatistics, getInstallationStatistics, listTags, getTagStatistics]
