import { z } from 'zod'
import { LANES, RECIPIENT_STATES } from '../../../kernel/lane.ts'
import {
  defineBytesOperation,
  defineOperation,
  type OperationContext,
} from '../../../platform/http/operation.ts'
import { pageOf } from '../../../platform/http/listing.ts'
import type { Messages } from '../messages-service.ts'
import { MessageSummaryView, MessageView } from '../views.ts'

type Context = OperationContext<{ messages: Messages }>

export const listMessages = defineOperation({
  id: 'messages.list',
  method: 'GET',
  path: '/v1/messages',
  summary: 'List messages, newest first',
  scope: 'messages:read',
  risk: 'read',
  audit: 'message.listed',
  input: z.strictObject({
    state: z.enum(RECIPIENT_STATES).optional().describe('Messages with a recipient in this state.'),
    lane: z.enum(LANES).optional(),
    tag: z
      .union([z.string().max(255), z.array(z.string().max(255)).min(1).max(20)])
      .optional()
      .describe('Messages with this tag; repeat the parameter for those with all of several.'),
    fromDomain: z
      .string()
      .max(253)
      .optional()
      .describe('The domain of From, among the newest 200,000 messages of the range.'),
    from: z.string().max(320).optional().describe('The exact address of From. A page may then be short.'),
    words: z
      .string()
      .max(500)
      .optional()
      .describe(
        'Words that all stand in subject, From, To, tags or metadata. 500 messages are opened for a page, so a page may be short, or empty with a nextCursor.',
      ),
    recipient: z.string().max(320).optional().describe('An exact address, found by its blind index.'),
    since: z.iso.datetime({ offset: true }).optional(),
    until: z.iso.datetime({ offset: true }).optional(),
    cursor: z.string().max(100).optional(),
    limit: z.coerce.number().int().min(1).max(100).default(50),
  }),
  output: pageOf(MessageSummaryView),
  status: 200,
  faults: ['invalid_request'],
  handle: (context: Context, input) =>
    context.services.messages.list(context, {
      state: input.state,
      lane: input.lane,
      tags: input.tag === undefined ? undefined : [input.tag].flat(),
      fromDomain: input.fromDomain,
      from: input.from,
      words: input.words,
      recipient: input.recipient,
      since: input.since,
      until: input.until,
      cursor: input.cursor,
      limit: input.limit,
    }),
})

export const getMessage = defineOperation({
  id: 'messages.get',
  method: 'GET',
  path: '/v1/messages/{messageId}',
  summary: 'Get a message with its recipients and timeline',
  scope: 'messages:read',
  risk: 'read',
  audit: 'message.read',
  input: z.strictObject({ messageId: z.string().max(100) }),
  output: MessageView,
  status: 200,
  faults: ['not_found'],
  handle: (context: Context, input) => context.services.messages.get(context, input.messageId),
})

export const getMessageContent = defineBytesOperation({
  id: 'messages.getContent',
  method: 'GET',
  path: '/v1/messages/{messageId}/content',
  summary: 'Get the MIME message as it was accepted',
  description: 'Refused for sensitive messages.',
  scope: 'messages:read',
  risk: 'read',
  audit: 'message.content_read',
  input: z.strictObject({ messageId: z.string().max(100) }),
  produces: 'message/rfc822',
  faults: ['not_found', 'content_gone'],
  handle: (context: Context, input) => context.services.messages.content(context, input.messageId),
})
