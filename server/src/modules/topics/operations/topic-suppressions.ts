import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import {
  defineEmptyOperation,
  defineOperation,
  type OperationContext,
} from '../../../platform/http/operation.ts'
import type { TopicSuppressions } from '../leavers-service.ts'
import { LEAVERS_AT_ONCE, TopicRef, TopicSuppression } from '../topic.ts'

type Context = OperationContext<{ topicSuppressions: TopicSuppressions }>

const Email = z.string().max(1016)
const Emails = z.array(Email).min(1).max(LEAVERS_AT_ONCE)

export const listTopicSuppressions = defineOperation({
  id: 'topicSuppressions.list',
  method: 'GET',
  path: '/v1/topic-suppressions',
  summary: 'List who has left topics, newest first',
  scope: 'suppressions:read',
  risk: 'read',
  audit: 'topic_suppression.listed',
  faults: ['invalid_request', 'not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({
    ...listInput,
    topic: TopicRef.optional(),
    email: Email.optional().describe('Only this address.'),
    since: z.iso.datetime({ offset: true }).optional().describe('Who left at this time or later.'),
  }),
  output: pageOf(TopicSuppression),
  handle: (context: Context, input) => context.services.topicSuppressions.list(context, input),
})

export const addTopicSuppressions = defineOperation({
  id: 'topicSuppressions.add',
  method: 'POST',
  path: '/v1/topics/{topicId}/suppressions',
  summary: 'Note that addresses have left a topic',
  scope: 'suppressions:write',
  risk: 'write',
  audit: 'topic_suppression.added',
  faults: ['invalid_request', 'not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ topicId: TopicRef, emails: Emails }),
  output: z.object({
    added: z.int().describe('Those that had not left it before.'),
    emails: z.array(z.string()).describe('All of them, each once.'),
  }),
  handle: (context: Context, input) =>
    context.services.topicSuppressions.add(context, input.topicId, input.emails),
})

export const searchTopicSuppressions = defineOperation({
  id: 'topicSuppressions.search',
  method: 'POST',
  path: '/v1/topics/{topicId}/suppressions/search',
  summary: 'Tell which of some addresses have left a topic',
  scope: 'suppressions:read',
  risk: 'read',
  audit: 'topic_suppression.searched',
  faults: ['invalid_request', 'not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ topicId: TopicRef, emails: Emails }),
  output: z.object({ emails: z.array(z.string()) }),
  handle: (context: Context, input) =>
    context.services.topicSuppressions.search(context, input.topicId, input.emails),
})

export const removeTopicSuppression = defineEmptyOperation({
  id: 'topicSuppressions.remove',
  method: 'DELETE',
  path: '/v1/topics/{topicId}/suppressions',
  summary: 'Let an address get mail of a topic again',
  scope: 'suppressions:write',
  risk: 'write',
  audit: 'topic_suppression.removed',
  faults: ['invalid_request', 'not_found', 'unavailable'],
  input: z.strictObject({ topicId: TopicRef, email: Email }),
  handle: (context: Context, input) =>
    context.services.topicSuppressions.remove(context, input.topicId, input.email),
})
