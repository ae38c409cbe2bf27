import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation, type OperationContext } from '../../../platform/http/operation.ts'
import { Topic, TopicOfAddress, TopicRef } from '../topic.ts'
import type { Topics } from '../topics-service.ts'

type Context = OperationContext<{ topics: Topics }>

export const listTopics = defineOperation({
  id: 'topics.list',
  method: 'GET',
  path: '/v1/topics',
  summary: 'List topics, oldest first',
  scope: 'suppressions:read',
  risk: 'read',
  audit: 'topic.listed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject(listInput),
  output: pageOf(Topic),
  handle: (context: Context, input) => context.services.topics.list(context, input),
})

export const getTopic = defineOperation({
  id: 'topics.get',
  method: 'GET',
  path: '/v1/topics/{topicId}',
  summary: 'Show a topic',
  scope: 'suppressions:read',
  risk: 'read',
  audit: 'topic.read',
  faults: ['not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ topicId: TopicRef }),
  output: Topic,
  handle: (context: Context, input) => context.services.topics.get(context, input.topicId),
})

export const topicsOfAddress = defineOperation({
  id: 'topics.ofAddress',
  method: 'GET',
  path: '/v1/topics/of-address',
  summary: 'List the topics and which of them an address has left',
  scope: 'suppressions:read',
  risk: 'read',
  audit: 'topic.address_looked_up',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject({ email: z.string().max(1016) }),
  output: z.object({ data: z.array(TopicOfAddress) }),
  handle: (context: Context, input) => context.services.topics.ofAddress(context, input.email),
})
