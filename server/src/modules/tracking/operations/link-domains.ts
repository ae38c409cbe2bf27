import { z } from 'zod'
import { idOf, listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineEmptyOperation, defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { LinkDomain } from '../link-domain.ts'
import type { LinkDomains } from '../link-domains-service.ts'

type Context = OperationContext<{ linkDomains: LinkDomains }>

export const addLinkDomain = defineOperation({
  id: 'linkDomains.add',
  method: 'POST',
  path: '/v1/link-domains',
  summary: 'Add a link domain',
  description:
    'A host of a sending domain, such as links.example.com, that tracked links and unsubscribe links of this workspace lead to. Answers the DNS record to publish; it is used once that is found and the domain is verified.',
  scope: 'domains:write',
  risk: 'sender-change',
  audit: 'link_domain.added',
  faults: ['invalid_request', 'conflict'],
  status: 201,
  input: z.strictObject({
    name: z.string().min(1).max(1000).describe('The host, such as links.example.com.'),
  }),
  output: LinkDomain,
  handle: (context: Context, input) => context.services.linkDomains.add(context, input.name),
})

export const listLinkDomains = defineOperation({
  id: 'linkDomains.list',
  method: 'GET',
  path: '/v1/link-domains',
  summary: 'List link domains, newest first',
  scope: 'domains:read',
  risk: 'read',
  audit: 'link_domain.listed',
  faults: ['invalid_request'],
  status: 200,
  input: z.strictObject(listInput),
  output: pageOf(LinkDomain),
  handle: (context: Context, input) => context.services.linkDomains.list(context, input),
})

export const verifyLinkDomain = defineOperation({
  id: 'linkDomains.verify',
  method: 'POST',
  path: '/v1/link-domains/{linkDomainId}/verify',
  summary: "Check a link domain's DNS record now",
  description: 'Says what DNS answered and what to change. DNS that fails to answer changes nothing.',
  scope: 'domains:write',
  risk: 'write',
  audit: 'link_domain.checked',
  faults: ['not_found'],
  status: 200,
  input: z.strictObject({ linkDomainId: z.string() }),
  output: LinkDomain,
  handle: (context: Context, input) =>
    context.services.linkDomains.verify(context, idOf('linkDomain', input.linkDomainId)),
})

export const deleteLinkDomain = defineEmptyOperation({
  id: 'linkDomains.delete',
  method: 'DELETE',
  path: '/v1/link-domains/{linkDomainId}',
  summary: 'Remove a link domain',
  description:
    'Links of new mail lead elsewhere; those of mail that was sent work as long as its DNS leads here.',
  scope: 'domains:write',
  risk: 'sender-change',
  audit: 'link_domain.deleted',
  faults: ['not_found'],
  input: z.strictObject({ linkDomainId: z.string() }),
  handle: (context: Context, input) =>
    context.services.linkDomains.remove(context, idOf('linkDomain', input.linkDomainId)),
})
