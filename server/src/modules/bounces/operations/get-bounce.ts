import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Bounce } from '../bounce.ts'
import type { Bounces } from '../bounces-service.ts'

export const getBounce = defineOperation({
  id: 'bounces.get',
  method: 'GET',
  path: '/v1/bounces/{bounceId}',
  summary: 'Show what a report said and what came of it',
  scope: 'messages:read',
  risk: 'read',
  audit: 'bounces.read',
  faults: ['not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ bounceId: z.string() }),
  output: Bounce,
  handle: (context: OperationContext<{ bounces: Bounces }>, input) =>
    context.services.bounces.get(context, idOf('bounce', input.bounceId)),
})
