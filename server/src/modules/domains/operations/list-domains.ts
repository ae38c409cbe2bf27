import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Domain } from '../domain.ts'
import type { Domains } from '../domains-service.ts'

export const listDomains = defineOperation({
  id: 'domains.list',
  method: 'GET',
  path: '/v1/domains',
  summary: 'List sending domains, newest first',
  scope: 'domains:read',
  risk: 'read',
  audit: 'domain.listed',
  faults: ['invalid_request'],
  status: 200,
  input: z.strictObject({
    name: z.string().max(1000).optional().describe('Only this domain.'),
    number: z.coerce.number().int().min(1).max(2_147_483_647).optional().describe('Only this one.'),
    ...listInput,
  }),
  output: pageOf(Domain),
  handle: (context: OperationContext<{ domains: Domains }>, input) =>
    context.services.domains.list(context, input),
})
