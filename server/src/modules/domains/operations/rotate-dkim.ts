import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Domain } from '../domain.ts'
import type { Domains } from '../domains-service.ts'

export const rotateDkim = defineOperation({
  id: 'domains.rotateDkim',
  method: 'POST',
  path: '/v1/domains/{domainId}/rotate',
  summary: "Change a domain's DKIM keys",
  description:
    'Makes new keys and answers the records to publish. As soon as DNS shows them, mail is signed with them; the old records stay for 7 days, then the old private keys are destroyed. In an emergency the standby key signs at once and the old private keys are destroyed after an hour.',
  scope: 'domains:write',
  risk: 'credential',
  audit: 'domain.rotation_begun',
  faults: ['invalid_request', 'not_found', 'conflict', 'unavailable'],
  status: 200,
  input: z.strictObject({
    domainId: z.string(),
    emergency: z
      .boolean()
      .default(false)
      .describe('Whether a private key may be in wrong hands: the standby signs at once.'),
  }),
  output: Domain,
  handle: (context: OperationContext<{ domains: Domains }>, input) =>
    context.services.domains.rotate(context, idOf('domain', input.domainId), input.emergency),
})
