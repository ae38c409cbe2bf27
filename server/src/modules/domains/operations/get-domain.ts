import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Domain } from '../domain.ts'
import type { Domains } from '../domains-service.ts'

export const getDomain = defineOperation({
  id: 'domains.get',
  method: 'GET',
  path: '/v1/domains/{domainId}',
  summary: 'Show a sending domain and its DNS records',
  scope: 'domains:read',
  risk: 'read',
  audit: 'domain.read',
  faults: ['not_found'],
  status: 200,
  input: z.strictObject({ domainId: z.string() }),
  output: Domain,
  handle: (context: OperationContext<{ domains: Domains }>, input) =>
    context.services.domains.get(context, idOf('domain', input.domainId)),
})
