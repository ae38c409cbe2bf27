import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineEmptyOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Domains } from '../domains-service.ts'

export const deleteDomain = defineEmptyOperation({
  id: 'domains.delete',
  method: 'DELETE',
  path: '/v1/domains/{domainId}',
  summary: 'Remove a sending domain',
  description:
    'Nothing more is accepted from it. Mail that waits is never sent unsigned: it stays until it expires, or goes when the domain is added again.',
  scope: 'domains:write',
  risk: 'sender-change',
  audit: 'domain.deleted',
  faults: ['not_found'],
  input: z.strictObject({ domainId: z.string() }),
  handle: (context: OperationContext<{ domains: Domains }>, input) =>
    context.services.domains.remove(context, idOf('domain', input.domainId)),
})
