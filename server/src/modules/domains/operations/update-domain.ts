import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Domain, DomainTls } from '../domain.ts'
import type { Domains } from '../domains-service.ts'

export const updateDomain = defineOperation({
  id: 'domains.update',
  method: 'PATCH',
  path: '/v1/domains/{domainId}',
  summary: 'Change how a sending domain is used',
  description: 'What is left out stays.',
  scope: 'domains:write',
  risk: 'write',
  audit: 'domain.changed',
  faults: ['invalid_request', 'not_found'],
  status: 200,
  input: z.strictObject({
    domainId: z.string(),
    isDefault: z
      .boolean()
      .optional()
      .describe(
        'Whether programs get it that ask for the default domain. One of a workspace at most: it takes the place of the one before.',
      ),
    tls: DomainTls.optional(),
  }),
  output: Domain,
  handle: (context: OperationContext<{ domains: Domains }>, { domainId, ...change }) =>
    context.services.domains.update(context, idOf('domain', domainId), change),
})
