import { z } from 'zod'
import { Fault } from '../../../kernel/faults.ts'
import {
  addTopicSuppressions,
  getTopic,
  removeTopicSuppression,
  topicsOfAddress,
} from '../../../modules/topics/index.ts'
import type { Topics, TopicSuppressions } from '../../../modules/topics/index.ts'
import type { DoorCall } from '../door.ts'
import { ownId, uuidOf } from './ids.ts'

interface TopicServices {
  readonly topics: Topics
  readonly topicSuppressions: TopicSuppressions
}

export const Subscriptions = z
  .array(z.object({ id: z.string(), subscription: z.enum(['opt_in', 'opt_out']) }))
  .max(500)

/** Who has opted out of a topic has left it, and everybody else gets its mail. */
export async function subscribe<Services extends TopicServices>(
  call: DoorCall<Services>,
  email: string,
  wanted: z.output<typeof Subscriptions>,
): Promise<void> {
  const chosen = wanted.map(({ id, subscription }) => ({
    topicId: ownId('topic', id, 'topics.id'),
    subscription,
  }))
  // All of them are there, or nothing is changed.
  for (const { topicId } of chosen) await call.run(getTopic, { topicId })
  for (const { topicId, subscription } of chosen) {
    if (subscription === 'opt_out') await call.run(addTopicSuppressions, { topicId, emails: [email] })
    else await comeBack(call, topicId, email)
  }
}

async function comeBack<Services extends TopicServices>(
  call: DoorCall<Services>,
  topicId: string,
  email: string,
): Promise<void> {
  try {
    await call.run(removeTopicSuppression, { topicId, email })
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'not_found') throw error
  }
}

/** Every topic, and whether an address gets its mail. */
export async function subscriptionsOf<Services extends TopicServices>(
  call: DoorCall<Services>,
  email: string,
) {
  const { data } = await call.run(topicsOfAddress, { email })
  return data.map(({ id, name, description, leftAt }) => ({
    id: uuidOf('topic', id),
    name,
    description: description === '' ? null : description,
    subscription: leftAt === null ? 'opt_in' : 'opt_out',
  }))
}
