import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Domain } from '../domain.ts'
import type { Domains } from '../domains-service.ts'

export const addDomain = defineOperation({
  id: 'domains.add',
  method: 'POST',
  path: '/v1/domains',
  summary: 'Add a sending domain',
  description:
    'Answers the DNS records to publish. The domain can be used once they are found; it is checked by itself, or at once with verify. In development a *.test domain is verified at once.',
  scope: 'domains:write',
  risk: 'sender-change',
  audit: 'domain.added',
  faults: ['invalid_request', 'conflict', 'unavailable'],
  status: 201,
  input: z.strictObject({ name: z.string().min(1).max(1000).describe('The domain, such as example.com.') }),
  output: Domain,
  handle: (context: OperationContext<{ domains: Domains }>, input) =>
    context.services.domains.add(context, input.name),
})
