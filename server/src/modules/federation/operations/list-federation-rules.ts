import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { FederationRule } from '../federation-rule.ts'
import type { Federation } from '../federation-service.ts'

export const listFederationRules = defineOperation({
  id: 'federationRules.list',
  method: 'GET',
  path: '/v1/federation/rules',
  summary: 'List federation rules, newest first',
  description: 'Revoked rules stay in the list.',
  scope: 'federation:read',
  risk: 'read',
  audit: 'federation_rule.listed',
  faults: ['invalid_request'],
  status: 200,
  input: z.strictObject(listInput),
  output: pageOf(FederationRule),
  handle: (context: OperationContext<{ federation: Federation }>, input) =>
    context.services.federation.listRules(context, input),
})
