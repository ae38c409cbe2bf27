import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Sender } from '../sender.ts'
import type { Senders } from '../senders-service.ts'

export const listSenders = defineOperation({
  id: 'senders.list',
  method: 'GET',
  path: '/v1/senders',
  summary: 'List senders, newest first',
  scope: 'senders:read',
  risk: 'read',
  audit: 'sender.listed',
  faults: ['invalid_request', 'unavailable'],
  status: 200,
  input: z.strictObject(listInput),
  output: pageOf(Sender),
  handle: (context: OperationContext<{ senders: Senders }>, input) =>
    context.services.senders.list(context, input),
})
