import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, Message } from '@bulkhead/sdk'
import type { Context } from './command.ts'
import { isSettled, recipientOf, timelineLine } from './timeline.ts'

const FIRST_MS = 150
const SLOWEST_MS = 5_000

/**
 * Shows the timeline of a message as it grows, until every recipient is final, and answers the message as it then is. It asks
 * seldom when nothing happens: a deferred message may take days.
 */
export async function followMessage(client: Client, context: Context, messageId: string): Promise<Message> {
  const seen = new Set<string>()
  let waitMs = FIRST_MS
  for (;;) {
    const message = await client.messages.get(messageId)
    const fresh = message.timeline.filter((entry) => !seen.has(entry.id))
    for (const entry of fresh) {
      seen.add(entry.id)
      if (context.out.json) continue
      context.out.line(entry, (screen) => timelineLine(entry, recipientOf(message, entry.recipient), screen))
    }
    if (isSettled(message)) return message
    waitMs = fresh.length > 0 ? FIRST_MS : Math.min(SLOWEST_MS, waitMs * 1.5)
    await sleep(waitMs, undefined, { signal: context.signal })
  }
}
