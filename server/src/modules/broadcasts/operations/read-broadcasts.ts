import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import {
  Broadcast,
  BROADCAST_STATES,
  BroadcastDetail,
  BroadcastRecipient,
  RECIPIENT_STATES,
} from '../broadcast.ts'
import type { Broadcasts } from '../broadcasts-service.ts'

type Context = OperationContext<{ broadcasts: Broadcasts }>

export const listBroadcasts = defineOperation({
  id: 'broadcasts.list',
  method: 'GET',
  path: '/v1/broadcasts',
  summary: 'List broadcasts, newest first',
  scope: 'broadcasts:read',
  risk: 'read',
  audit: 'broadcast.listed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject({ ...listInput, state: z.enum(BROADCAST_STATES).optional() }),
  output: pageOf(Broadcast),
  handle: (context: Context, input) => context.services.broadcasts.list(context, input),
})

export const getBroadcast = defineOperation({
  id: 'broadcasts.get',
  method: 'GET',
  path: '/v1/broadcasts/{broadcastId}',
  summary: 'Show a broadcast and how far it is',
  scope: 'broadcasts:read',
  risk: 'read',
  audit: 'broadcast.read',
  faults: ['not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ broadcastId: z.string() }),
  output: BroadcastDetail,
  handle: (context: Context, input) => context.services.broadcasts.get(context, input.broadcastId),
})

export const listBroadcastRecipients = defineOperation({
  id: 'broadcasts.listRecipients',
  method: 'GET',
  path: '/v1/broadcasts/{broadcastId}/recipients',
  summary: 'List the audience of a broadcast and what became of each member',
  description: 'Counts as reading contacts: more than 20,000 in an hour are refused for a while.',
  scope: 'contacts:read',
  risk: 'read',
  audit: 'broadcast.recipients_listed',
  faults: ['invalid_request', 'not_found', 'too_many_requests', 'unavailable'],
  status: 200,
  input: z.strictObject({
    ...listInput,
    broadcastId: z.string(),
    state: z.enum(RECIPIENT_STATES).optional().describe('Only those in this state.'),
  }),
  output: pageOf(BroadcastRecipient),
  handle: (context: Context, { broadcastId, ...query }) =>
    context.services.broadcasts.recipients(context, broadcastId, query),
})
