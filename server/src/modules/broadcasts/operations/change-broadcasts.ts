import { z } from 'zod'
import { defineEmptyOperation, defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { AddressInput } from '../../messages/index.ts'
import { DialectInput } from '../../templates/index.ts'
import {
  Broadcast,
  BroadcastDetail,
  BroadcastName,
  contentFields,
  PreviewText,
  ReplyTo,
  Subject,
  TopicRef,
} from '../broadcast.ts'
import type { Broadcasts } from '../broadcasts-service.ts'

type Context = OperationContext<{ broadcasts: Broadcasts }>

const BODY_BYTES_MAX = 4 * 1024 * 1024

export const createBroadcast = defineOperation({
  id: 'broadcasts.create',
  method: 'POST',
  path: '/v1/broadcasts',
  summary: 'Draft a mail to everybody on a list',
  description:
    'Subject, HTML, text and preview text are filled for each contact: its attributes, first_name, last_name, email, and unsubscribe_url.',
  scope: 'broadcasts:write',
  risk: 'write',
  audit: 'broadcast.created',
  faults: ['invalid_request', 'not_found', 'conflict', 'unavailable'],
  status: 201,
  bodyBytesMax: BODY_BYTES_MAX,
  input: z.strictObject({
    name: BroadcastName,
    listId: z.string().describe('To whom: lst_….'),
    topic: TopicRef.optional(),
    from: AddressInput.describe('An address of a verified domain of the workspace.'),
    replyTo: ReplyTo.optional(),
    subject: Subject,
    previewText: PreviewText.optional(),
    html: contentFields.html.optional(),
    text: contentFields.text.optional(),
    dialect: DialectInput.optional().describe('In which it is written. Default liquid.'),
  }),
  output: BroadcastDetail,
  handle: (context: Context, input) => context.services.broadcasts.create(context, input),
})

export const updateBroadcast = defineOperation({
  id: 'broadcasts.update',
  method: 'PATCH',
  path: '/v1/broadcasts/{broadcastId}',
  summary: 'Change a draft of a broadcast',
  description: 'What is left out stays as it is; null takes it away.',
  scope: 'broadcasts:write',
  risk: 'write',
  audit: 'broadcast.changed',
  faults: ['invalid_request', 'not_found', 'conflict', 'unavailable'],
  status: 200,
  bodyBytesMax: BODY_BYTES_MAX,
  input: z.strictObject({
    broadcastId: z.string(),
    name: BroadcastName.optional(),
    listId: z.string().optional(),
    topic: TopicRef.nullable().optional(),
    from: AddressInput.optional(),
    replyTo: ReplyTo.nullable().optional(),
    subject: Subject.optional(),
    previewText: PreviewText.nullable().optional(),
    html: contentFields.html.nullable().optional(),
    text: contentFields.text.nullable().optional(),
    dialect: DialectInput.optional(),
  }),
  output: BroadcastDetail,
  handle: (context: Context, { broadcastId, ...change }) =>
    context.services.broadcasts.update(context, broadcastId, change),
})

export const deleteBroadcast = defineEmptyOperation({
  id: 'broadcasts.delete',
  method: 'DELETE',
  path: '/v1/broadcasts/{broadcastId}',
  summary: 'Delete a draft, or a broadcast that was cancelled',
  scope: 'broadcasts:write',
  risk: 'write',
  audit: 'broadcast.deleted',
  faults: ['not_found', 'conflict', 'unavailable'],
  input: z.strictObject({ broadcastId: z.string() }),
  handle: (context: Context, input) => context.services.broadcasts.remove(context, input.broadcastId),
})

export const sendBroadcast = defineOperation({
  id: 'broadcasts.send',
  method: 'POST',
  path: '/v1/broadcasts/{broadcastId}/send',
  summary: 'Send a broadcast, now or later',
  description:
    'To whoever is on the list when it begins. Each contact gets a message of its own, in the lane bulk, with one click to unsubscribe; whoever unsubscribed or is suppressed gets none. What sending one of them would refuse is refused here.',
  scope: 'broadcasts:send',
  risk: 'send',
  audit: 'broadcast.sent',
  faults: [
    'invalid_request',
    'not_found',
    'conflict',
    'sender_refused',
    'template_failed',
    'too_large',
    'too_many_requests',
    'unavailable',
  ],
  status: 200,
  input: z.strictObject({
    broadcastId: z.string(),
    scheduledAt: z.iso
      .datetime({ offset: true, error: 'must be a time such as 2026-01-31T09:00:00Z' })
      .optional()
      .describe('When it begins, at most 365 days ahead. Default: at once.'),
  }),
  output: Broadcast,
  handle: (context: Context, input) =>
    context.services.broadcasts.send(context, input.broadcastId, input.scheduledAt),
})

export const cancelBroadcast = defineOperation({
  id: 'broadcasts.cancel',
  method: 'POST',
  path: '/v1/broadcasts/{broadcastId}/cancel',
  summary: 'Stop a broadcast that is scheduled or being sent',
  description: 'Messages that were accepted go on; nobody else gets one.',
  scope: 'broadcasts:send',
  risk: 'write',
  audit: 'broadcast.cancelled',
  faults: ['invalid_request', 'not_found', 'conflict', 'unavailable'],
  status: 200,
  input: z.strictObject({
    broadcastId: z.string(),
    toDraft: z
      .boolean()
      .optional()
      .describe('Make a draft again of one that still waits for its time, instead of cancelling it.'),
  }),
  output: Broadcast,
  handle: (context: Context, input) =>
    context.services.broadcasts.cancel(context, input.broadcastId, input.toDraft ?? false),
})
