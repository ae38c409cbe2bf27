import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Sender } from '../sender.ts'
import type { Senders } from '../senders-service.ts'

const NO_CONTROL = /^\P{Cc}*$/u

export const createSender = defineOperation({
  id: 'senders.create',
  method: 'POST',
  path: '/v1/senders',
  summary: 'Add a sender',
  description: 'The address must lie in a domain that the workspace has added.',
  scope: 'senders:write',
  risk: 'sender-change',
  audit: 'sender.created',
  faults: ['invalid_request', 'conflict', 'unavailable'],
  status: 201,
  input: z.strictObject({
    email: z.string().max(1016),
    name: z
      .string()
      .trim()
      .min(1)
      .max(200)
      .regex(NO_CONTROL, 'has a line break or control character')
      .optional(),
    replyTo: z.string().max(1016).optional(),
  }),
  output: Sender,
  handle: (context: OperationContext<{ senders: Senders }>, input) =>
    context.services.senders.create(context, input),
})
