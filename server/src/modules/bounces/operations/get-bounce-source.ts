import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineBytesOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Bounces } from '../bounces-service.ts'

export const getBounceSource = defineBytesOperation({
  id: 'bounces.source',
  method: 'GET',
  path: '/v1/bounces/{bounceId}/source',
  summary: 'The report as it came, with its envelope',
  description:
    'The evidence behind an event or a suppression. What is stored of a report ends after 512 KiB.',
  scope: 'messages:read',
  risk: 'read',
  audit: 'bounces.source_read',
  faults: ['not_found', 'content_gone', 'unavailable'],
  produces: 'message/rfc822',
  input: z.strictObject({ bounceId: z.string() }),
  handle: (context: OperationContext<{ bounces: Bounces }>, input) =>
    context.services.bounces.source(context, idOf('bounce', input.bounceId)),
})
