/**
 * Topics: what mail is about, so that people leave one kind and keep the others.
 *
 * Tables owned: topic, topic_suppression (modules/tracking adds to it through engine.apply_unsubscribe; engine.accept and engine.claim ask it).
 * Events: message.unsubscribed names the topic; audit `topic.*`, `topic_suppression.*`. Invariants: the number of a topic is never used again;
 * who left a topic gets nothing of it, also of what was accepted before; addresses are found by their blind index and stored sealed; the topic
 * of a workspace that is named as default is one at most.
 */
export { addressForTopic } from './topic-address.ts'
export { createTopics } from './topics-service.ts'
export type { Topics } from './topics-service.ts'
export { createTopicSuppressions } from './leavers-service.ts'
export type { TopicSuppressions } from './leavers-service.ts'
export { createTopic, deleteTopic, updateTopic } from './operations/change-topics.ts'
export { getTopic, listTopics, topicsOfAddress } from './operations/read-topics.ts'
export {
  addTopicSuppressions,
  listTopicSuppressions,
  removeTopicSuppression,
  searchTopicSuppressions,
} from './operations/topic-suppressions.ts'
export { topicOperations } from './topic-operations.ts'
