import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { boundsInput } from '../../../security/access/index.ts'
import { Claims, FederationRule, LIFETIME_SECONDS_MAX, RuleScopes } from '../federation-rule.ts'
import type { Federation } from '../federation-service.ts'

export const createFederationRule = defineOperation({
  id: 'federationRules.create',
  method: 'POST',
  path: '/v1/federation/rules',
  summary: 'Let a workload of another platform have keys',
  description:
    'A token of the issuer with this audience and subject is exchanged for a key that lives at most an hour. Only people make rules, and none gives more than its maker has.',
  scope: 'federation:write',
  risk: 'credential',
  audit: 'federation_rule.created',
  faults: ['invalid_request', 'missing_scope'],
  status: 201,
  input: z.strictObject({
    name: z.string().trim().min(1).max(180).describe('What the workload is.'),
    issuer: z
      .string()
      .min(1)
      .max(500)
      .describe('URL of the platform, such as https://token.actions.githubusercontent.com.'),
    audience: z.string().min(1).max(500).describe('The audience that the workload asks its token for.'),
    subject: z
      .string()
      .min(1)
      .max(500)
      .describe(
        'The workload. * stands for any characters but :, and at the end for any; never at the beginning.',
      ),
    claims: Claims.default({}).describe('Further claims of the token and the values that they must have.'),
    scopes: RuleScopes,
    lifetimeSeconds: z.int().min(60).max(LIFETIME_SECONDS_MAX).default(900).describe('How long a key lives.'),
    allowedCidrs: boundsInput.allowedCidrs,
    allowedSenders: boundsInput.allowedSenders,
  }),
  output: FederationRule,
  handle: (context: OperationContext<{ federation: Federation }>, input) =>
    context.services.federation.createRule(context, input),
})
