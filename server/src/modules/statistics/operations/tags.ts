import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation, type OperationContext } from '../../../platform/http/operation.ts'
import { TAG_DAYS_MAX, TagInUse, TagStatistics, type TagStatisticsService } from '../tag-statistics.ts'

type Context = OperationContext<{ tagStatistics: TagStatisticsService }>

const Tag = z.string().min(1).max(255)

export const listTags = defineOperation({
  id: 'tags.list',
  method: 'GET',
  path: '/v1/tags',
  summary: 'List the tags in use, by name, with what happened to their mail in 30 days',
  description: 'Counted in the background, some seconds behind; of one day 2,000 tags at most.',
  scope: 'messages:read',
  risk: 'read',
  audit: 'tag.listed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject({
    ...listInput,
    cursor: z.string().max(2_000).optional().describe('nextCursor of the page before.'),
    begins: Tag.optional().describe('Only those that begin with it.'),
  }),
  output: pageOf(TagInUse),
  handle: (context: Context, input) => context.services.tagStatistics.list(context, input),
})

export const getTagStatistics = defineOperation({
  id: 'tags.statistics',
  method: 'GET',
  path: '/v1/tags/statistics',
  summary: 'What happened to the mail of some tags, day by day',
  description:
    'Also of what mail was made with: template:tpl_…, topic:top_…, subaccount:sba_…. Counted in the background, some seconds behind.',
  scope: 'messages:read',
  risk: 'read',
  audit: 'tag.statistics_read',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject({
    tag: z.union([Tag, z.array(Tag).min(1).max(50)]).describe('Repeat the parameter for several.'),
    since: z.iso
      .date()
      .optional()
      .describe(`The first day, UTC. Default 30 days; at most ${TAG_DAYS_MAX} days.`),
    until: z.iso.date().optional().describe('The last day, UTC. Default today.'),
  }),
  output: TagStatistics,
  handle: (context: Context, input) =>
    context.services.tagStatistics.get(context, {
      tags: [input.tag].flat(),
      since: input.since,
      until: input.until,
    }),
})
