import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineBytesOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Bounces } from '../bounces-service.ts'

export const getQuarantined = defineBytesOperation({
  id: 'quarantine.source',
  method: 'GET',
  path: '/v1/quarantine/{bounceId}/source',
  summary: 'Mail from the quarantine as it came, with its envelope',
  description: "Needs the operator's key. It was written by strangers: open it as you would any mail.",
  scope: 'quarantine:read',
  risk: 'safety',
  audit: 'quarantine.source_read',
  faults: ['not_found', 'content_gone', 'unavailable'],
  produces: 'message/rfc822',
  input: z.strictObject({ bounceId: z.string() }),
  handle: (context: OperationContext<{ bounces: Bounces }>, input) =>
    context.services.bounces.quarantined(idOf('bounce', input.bounceId)),
})
