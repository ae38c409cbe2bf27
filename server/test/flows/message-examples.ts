import { inAnHour, message } from './operation-samples.ts'
import type { Answer } from './api-fixture.ts'

interface World {
  post(path: string, body: unknown): Promise<Answer>
}

/** Valid requests of the operations on one message, for operations.test.ts. */
export const messageExamples = {
  'messages.get': async (world: World) => ({ params: { messageId: await aMessage(world) } }),
  'messages.getContent': async (world: World) => ({ params: { messageId: await aMessage(world) } }),
  'messages.getParts': async (world: World) => ({ params: { messageId: await aMessage(world) } }),
  'messages.cancel': async (world: World) => ({ params: { messageId: await aMessage(world) } }),
  'messages.reschedule': async (world: World) => ({
    params: { messageId: await aMessage(world) },
    rest: { sendAt: inAnHour() },
  }),
  'messages.previewResend': async (world: World) => ({ params: { messageId: await aMessage(world) } }),
  'messages.resend': async (world: World) => ({
    params: { messageId: await aCancelledMessage(world) },
    rest: { recipients: [1], reason: 'a drill' },
  }),
  'webhooks.message': async (world: World) => ({ params: { messageId: await aMessage(world) } }),
}

/** One that waits. */
export async function aMessage(world: World): Promise<string> {
  const { status, body, text } = await world.post('/v1/messages', { ...message, sendAt: inAnHour() })
  if (status !== 202) throw new Error(`no message: ${text}`)
  return body.id
}

async function aCancelledMessage(world: World): Promise<string> {
  const id = await aMessage(world)
  await world.post(`/v1/messages/${id}/cancel`, {})
  return id
}
