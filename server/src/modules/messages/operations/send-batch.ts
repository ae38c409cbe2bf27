import { createHash } from 'node:crypto'
import { z } from 'zod'
import { Fault } from '../../../kernel/faults.ts'
import { createTurns } from '../../../kernel/turns.ts'
import { defineOperation, type OperationContext } from '../../../platform/http/operation.ts'
import { faultOfIssues, problemOf, Problem } from '../../../platform/http/problem.ts'
import { latestStates, rateLimitFields, type LimitState } from '../../quotas/index.ts'
import { BATCH_MESSAGES_MAX } from '../message.ts'
import { sendingOf, type Messages } from '../messages-service.ts'
import { SendRequest } from '../send-request.ts'
import { placedFault, TOGETHER_RECIPIENTS_MAX } from '../together.ts'
import { Accepted } from '../views.ts'
import { presentAccepted, SEND_BODY_BYTES_MAX, SEND_FAULTS } from './send-message.ts'

const Outcome = z
  .object({
    index: z.int(),
    status: z
      .int()
      .describe('202 accepted, 200 checked by a dry run, else the status this message would have had alone.'),
    message: Accepted.optional(),
    problem: Problem.optional(),
  })
  .meta({ id: 'BatchOutcome' })

const Input = z.strictObject({
  messages: z
    .array(z.unknown().meta({ $ref: '#/components/schemas/SendRequest' }))
    .min(1)
    .max(BATCH_MESSAGES_MAX, `holds more than ${BATCH_MESSAGES_MAX} messages`),
  atomic: z
    .boolean()
    .optional()
    .describe(
      `All messages or none: the first that is refused refuses the request. They are of one lane and have at most ${TOGETHER_RECIPIENTS_MAX} recipients together.`,
    ),
  dryRun: z
    .boolean()
    .optional()
    .describe(
      'Everything is checked but limits and suppressions, and nothing is accepted. What would be accepted has the status 200.',
    ),
})

type Context = OperationContext<{ messages: Messages }>
type Outcomes = z.input<typeof Outcome>[]

/** A thousand messages that each show a thousand recipients take seconds to read. */
const turn = createTurns()

export const sendBatch = defineOperation({
  id: 'messages.sendBatch',
  method: 'POST',
  path: '/v1/messages/batch',
  summary: 'Send up to 1,000 messages',
  description:
    'Each message has an outcome of its own: one that is refused does not touch the others. With atomic all are accepted or none.',
  scope: 'messages:send',
  risk: 'send',
  audit: 'message.accepted',
  idempotent: true,
  bodyBytesMax: SEND_BODY_BYTES_MAX,
  input: Input,
  output: z.object({
    accepted: z.int(),
    refused: z.int(),
    requestId: z.string().nullable().describe('Of an atomic batch: what its messages share.'),
    data: z.array(Outcome),
  }),
  status: 207,
  faults: SEND_FAULTS,
  handle: async (context: Context, input) => {
    const limits: (readonly LimitState[])[] = []
    const data =
      input.atomic === true
        ? await sendTogether(context, input.messages, input.dryRun === true, limits)
        : await Promise.all(
            input.messages.map((message, index) =>
              sendOne(context, message, index, input.dryRun === true, limits),
            ),
          )
    context.addHeaders(rateLimitFields(latestStates(limits)))
    return {
      accepted: data.filter(({ status }) => status === 202).length,
      refused: data.filter(({ problem }) => problem !== undefined).length,
      requestId: input.atomic === true ? (data[0]?.message?.requestId ?? null) : null,
      data,
    }
  },
})

async function sendTogether(
  context: Context,
  wanted: readonly unknown[],
  isDryRun: boolean,
  limits: (readonly LimitState[])[],
): Promise<Outcomes> {
  const requests: SendRequest[] = []
  for (const [index, message] of wanted.entries()) {
    await turn()
    const parsed = SendRequest.safeParse(message, { reportInput: true })
    if (!parsed.success) throw placedFault(index, faultOfIssues(parsed.error.issues))
    requests.push(parsed.data)
  }
  const { messages } = context.services
  if (isDryRun) {
    await messages.checkTogether(requests, sendingOf(context))
    return requests.map((_, index) => ({ index, status: 200 }))
  }
  const accepted = await messages.sendTogether(requests, sendingOf(context))
  limits.push(...accepted.map((one) => one.limits))
  return accepted.map((one, index) => ({ index, status: 202, message: presentAccepted(one) }))
}

async function sendOne(
  context: Context,
  message: unknown,
  index: number,
  isDryRun: boolean,
  limits: (readonly LimitState[])[],
): Promise<z.input<typeof Outcome>> {
  try {
    await turn()
    const parsed = SendRequest.safeParse(message, { reportInput: true })
    if (!parsed.success) throw faultOfIssues(parsed.error.issues)
    if (isDryRun) {
      await context.services.messages.check(parsed.data, sendingOf(context))
      return { index, status: 200 }
    }
    const accepted = await context.services.messages.send(
      parsed.data,
      sendingAt(context, message, index),
      'batch',
    )
    limits.push(accepted.limits)
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
