import { z } from 'zod'
import {
  defineEmptyOperation,
  defineOperation,
  type OperationContext,
} from '../../../platform/http/operation.ts'
import { Topic, TopicDescription, TopicName, TopicRef } from '../topic.ts'
import type { Topics } from '../topics-service.ts'

type Context = OperationContext<{ topics: Topics }>

const IsDefault = z.boolean().describe('The default topic; it takes the place of the one before.')

export const createTopic = defineOperation({
  id: 'topics.create',
  method: 'POST',
  path: '/v1/topics',
  summary: 'Make a topic',
  description: 'Messages name it; who unsubscribes from one of them leaves the topic and keeps the others.',
  scope: 'suppressions:write',
  risk: 'write',
  audit: 'topic.created',
  faults: ['invalid_request', 'conflict', 'unavailable'],
  status: 201,
  input: z.strictObject({
    name: TopicName,
    description: TopicDescription.optional(),
    isDefault: IsDefault.optional(),
  }),
  output: Topic,
  handle: (context: Context, input) => context.services.topics.create(context, input),
})

export const updateTopic = defineOperation({
  id: 'topics.update',
  method: 'PATCH',
  path: '/v1/topics/{topicId}',
  summary: 'Change a topic',
  scope: 'suppressions:write',
  risk: 'write',
  audit: 'topic.changed',
  faults: ['invalid_request', 'not_found', 'conflict', 'unavailable'],
  status: 200,
  input: z.strictObject({
    topicId: TopicRef,
    name: TopicName.optional(),
    description: TopicDescription.optional(),
    isDefault: IsDefault.optional(),
  }),
  output: Topic,
  handle: (context: Context, { topicId, ...change }) =>
    context.services.topics.update(context, topicId, change),
})

export const deleteTopic = defineEmptyOperation({
  id: 'topics.delete',
  method: 'DELETE',
  path: '/v1/topics/{topicId}',
  summary: 'Remove a topic',
  description:
    'Messages cannot name it any more, and its number is not used again. What still waits of it keeps to who has left it; who unsubscribes from now on gets no bulk mail at all.',
  scope: 'suppressions:write',
  risk: 'write',
  audit: 'topic.deleted',
  faults: ['not_found', 'unavailable'],
  input: z.strictObject({ topicId: TopicRef }),
  handle: (context: Context, input) => context.services.topics.remove(context, input.topicId),
})
