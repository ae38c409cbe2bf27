import { z } from 'zod'
import { defineOperation, defineStreamOperation } from '../../../platform/http/operation.ts'
import { pageOf } from '../../../platform/http/listing.ts'
import { pullEvents, streamEvents } from '../feed.ts'
import { StreamedEvent } from '../views.ts'

export const listEvents = defineOperation({
  id: 'events.list',
  method: 'GET',
  path: '/v1/events',
  summary: 'Pull events in commit order',
  description:
    'Keep nextCursor and ask again with it; no event is passed over. An empty page repeats the cursor.',
  scope: 'messages:read',
  risk: 'read',
  audit: 'event.listed',
  input: z.strictObject({
    cursor: z.string().max(100).optional(),
    limit: z.coerce.number().int().min(1).max(500).default(100),
  }),
  output: pageOf(StreamedEvent),
  status: 200,
  faults: ['invalid_request'],
  handle: (context, input) => pullEvents(context, input.cursor, input.limit),
})

export const streamLiveEvents = defineStreamOperation({
  id: 'events.stream',
  method: 'GET',
  path: '/v1/events/stream',
  summary: 'Stream events as they are committed (server-sent events)',
  description: 'Resume behind the last event with Last-Event-ID.',
  scope: 'messages:read',
  risk: 'read',
  audit: 'event.streamed',
  input: z.strictObject({}),
  faults: ['invalid_request'],
  handle: (context) => streamEvents(context),
})
