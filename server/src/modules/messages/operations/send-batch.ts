import { createHash } from 'node:crypto'
import { z } from 'zod'
import { Fault } from '../../../kernel/faults.ts'
import { defineOperation, type OperationContext } from '../../../platform/http/operation.ts'
import { faultOfIssues, problemOf, Problem } from '../../../platform/http/problem.ts'
import { BATCH_MESSAGES_MAX } from '../message.ts'
import { sendingOf, type Messages } from '../messages-service.ts'
import { SendRequest } from '../send-request.ts'
import { Accepted } from '../views.ts'
import { presentAccepted, SEND_BODY_BYTES_MAX } from './send-message.ts'

const Outcome = z
  .object({
    index: z.int(),
    status: z.int().describe('202 accepted, else the status this message would have had alone.'),
    message: Accepted.optional(),
    problem: Problem.optional(),
  })
  .meta({ id: 'BatchOutcome' })

export const sendBatch = defineOperation({
  id: 'messages.sendBatch',
  method: 'POST',
  path: '/v1/messages/batch',
  summary: 'Send up to 1,000 messages',
  description: 'Each message has an outcome of its own: one that is refused does not touch the others.',
  scope: 'messages:send',
  risk: 'send',
  audit: 'message.accepted',
  idempotent: true,
  bodyBytesMax: SEND_BODY_BYTES_MAX,
  input: z.strictObject({
    messages: z
      .array(z.unknown().meta({ $ref: '#/components/schemas/SendRequest' }))
      .min(1)
      .max(BATCH_MESSAGES_MAX, `holds more than ${BATCH_MESSAGES_MAX} messages`),
  }),
  output: z.object({ accepted: z.int(), refused: z.int(), data: z.array(Outcome) }),
  status: 207,
  faults: ['invalid_request', 'too_large', 'too_many_requests', 'unavailable'],
  handle: async (context: OperationContext<{ messages: Messages }>, input) => {
    const data = await Promise.all(input.messages.map((message, index) => sendOne(context, message, index)))
    const accepted = data.filter((outcome) => outcome.status === 202).length
    return { accepted, refused: data.length - accepted, data }
  },
})

async function sendOne(
  context: OperationContext<{ messages: Messages }>,
  message: unknown,
  index: number,
): Promise<z.input<typeof Outcome>> {
  try {
    const parsed = SendRequest.safeParse(message, { reportInput: true })
    if (!parsed.success) throw faultOfIssues(parsed.error.issues)
    const accepted = await context.services.messages.send(
      parsed.data,
      sendingAt(context, message, index),
      'batch',
    )
    return { index, status: 202, message: presentAccepted(accepted) }
  } catch (error) {
    const fault =
      error instanceof Fault
        ? error
        : new Fault('internal', {
            detail: 'This message could not be processed; nothing of it was done.',
            cause: error,
          })
    return { index, status: fault.status, problem: problemOf(fault) }
  }
}

/** The batch's idempotency key holds for each message by its place, so that a repeated batch sends only what was missing. */
function sendingAt(context: OperationContext<unknown>, message: unknown, index: number) {
  const sending = sendingOf(context)
  if (sending.idempotencyKey === undefined) return sending
  return {
    ...sending,
    idempotencyKey: `${sending.idempotencyKey}/${index}`,
    bodyHash: createHash('sha256').update(JSON.stringify(message)).digest(),
  }
}
