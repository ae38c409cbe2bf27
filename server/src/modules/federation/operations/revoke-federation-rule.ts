import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineEmptyOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Federation } from '../federation-service.ts'

export const revokeFederationRule = defineEmptyOperation({
  id: 'federationRules.revoke',
  method: 'DELETE',
  path: '/v1/federation/rules/{federationRuleId}',
  summary: 'Revoke a federation rule',
  description:
    'It gives no key any more. Keys that it gave live on for their hour at most: revoke them by name.',
  scope: 'federation:write',
  risk: 'safety',
  audit: 'federation_rule.revoked',
  faults: ['not_found'],
  input: z.strictObject({ federationRuleId: z.string() }),
  handle: (context: OperationContext<{ federation: Federation }>, input) =>
    context.services.federation.revokeRule(context, idOf('federationRule', input.federationRuleId)),
})
