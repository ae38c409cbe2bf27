import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Domain } from '../domain.ts'
import type { Domains } from '../domains-service.ts'

export const verifyDomain = defineOperation({
  id: 'domains.verify',
  method: 'POST',
  path: '/v1/domains/{domainId}/verify',
  summary: "Check a domain's DNS records now",
  description:
    'Says of every record what DNS answered and what to change. DNS that fails to answer changes nothing.',
  scope: 'domains:write',
  risk: 'write',
  audit: 'domain.checked',
  faults: ['not_found'],
  status: 200,
  input: z.strictObject({ domainId: z.string() }),
  output: Domain,
  handle: (context: OperationContext<{ domains: Domains }>, input) =>
    context.services.domains.verify(context, idOf('domain', input.domainId)),
})
