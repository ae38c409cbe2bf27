import { createFederationRule } from './operations/create-federation-rule.ts'
import { exchangeToken } from './operations/exchange-token.ts'
import { listFederationRules } from './operations/list-federation-rules.ts'
import { revokeFederationRule } from './operations/revoke-federation-rule.ts'

export const federationOperations = [
  createFederationRule,
  listFederationRules,
  revokeFederationRule,
  exchangeToken,
]
