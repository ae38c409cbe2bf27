import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Domain } from '../domain.ts'
import type { Domains } from '../domains-service.ts'

export const cancelRotation = defineOperation({
  id: 'domains.cancelRotation',
  method: 'POST',
  path: '/v1/domains/{domainId}/cancel-rotation',
  summary: 'Call off a change of DKIM keys that waits for DNS',
  description: 'The new keys are destroyed. What signs now goes on signing.',
  scope: 'domains:write',
  risk: 'sender-change',
  audit: 'domain.rotation_cancelled',
  faults: ['not_found', 'conflict'],
  status: 200,
  input: z.strictObject({ domainId: z.string() }),
  output: Domain,
  handle: (context: OperationContext<{ domains: Domains }>, input) =>
    context.services.domains.cancelRotation(context, idOf('domain', input.domainId)),
})
