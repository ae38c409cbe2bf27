/**
 * Quotas: how many recipients a workspace, and each of its credentials, may send to. docs/quotas.md.
 *
 * Tables owned: sending_limit, sending_use. Raises the alarms quota.near and quota.reached. Invariants: counting, judging and accepting are one
 * transaction, so that parallel requests take exactly the limit; what is refused, rolled back or repeated takes nothing; waiting as long as an
 * answer says is enough; nobody's own limit is above that of who stands over him; without limits, accepting asks the database nothing.
 */
import { getQuotas, getWorkspaceQuotas } from './operations/get-quotas.ts'
import {
  setApiKeyQuotas,
  setOwnQuotas,
  setSmtpCredentialQuotas,
  setWorkspaceQuotas,
} from './operations/set-quotas.ts'

export type { LimitState } from './limit.ts'
export { getQuotas } from './operations/get-quotas.ts'
export { createQuotas, type QuotasService } from './quotas-service.ts'
export { startQuotaUpkeep } from './quota-upkeep.ts'
export { latestStates, rateLimitFields } from './rate-limit-fields.ts'
export { refusalOf } from './refusal.ts'
export { createSendingLimits, type SendingItem, type SendingLimits } from './sending-limits.ts'

export const quotaOperations = [
  getQuotas,
  setOwnQuotas,
  getWorkspaceQuotas,
  setWorkspaceQuotas,
  setApiKeyQuotas,
  setSmtpCredentialQuotas,
]
