import { createTopic, deleteTopic, updateTopic } from './operations/change-topics.ts'
import { getTopic, listTopics, topicsOfAddress } from './operations/read-topics.ts'
import {
  addTopicSuppressions,
  listTopicSuppressions,
  removeTopicSuppression,
  searchTopicSuppressions,
} from './operations/topic-suppressions.ts'

export const topicOperations = [
  createTopic,
  listTopics,
  topicsOfAddress,
  getTopic,
  updateTopic,
  deleteTopic,
  listTopicSuppressions,
  addTopicSuppressions,
  searchTopicSuppressions,
  removeTopicSuppression,
]
