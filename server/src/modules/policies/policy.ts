import { z } from 'zod'
import { DomainName } from '../../platform/http/domain-name.ts'
import { Instant } from '../../platform/http/listing.ts'

const SECOND_FACTORS = ['optional', 'required', 'passkey'] as const

/** What may be set; what is left out stays as it is. */
export const policyInput = {
  secondFactor: z
    .enum(SECOND_FACTORS)
    .optional()
    .describe(
      'optional: a password is enough; required: any second factor; passkey: a passkey, or the own provider.',
    ),
  sessionHours: z
    .int()
    .min(1)
    .max(720)
    .optional()
    .describe('How long after log-in a session opens this workspace.'),
  allowedCidrs: z
    .array(z.string().max(50))
    .max(200)
    .optional()
    .describe(
      'Networks from which members may act, such as 203.0.113.0/24 or 2001:db8::/32; empty: all. API keys have their own.',
    ),
  signInDomains: z
    .array(DomainName)
    .max(100)
    .optional()
    .describe(
      'Domains of addresses that may be invited; empty: all. Members from elsewhere stay and are listed.',
    ),
  ssoRequired: z
    .boolean()
    .optional()
    .describe('Members other than owners sign in through the connected provider.'),
} as const

export const PolicyValues = z.object({
  secondFactor: z.enum(SECOND_FACTORS),
  sessionHours: z.int(),
  allowedCidrs: z.array(z.string()),
  signInDomains: z.array(z.string()),
  ssoRequired: z.boolean(),
})
export type PolicyValues = z.output<typeof PolicyValues>

export const Policy = PolicyValues.extend({
  pending: z
    .object({ policy: PolicyValues, requestedBy: z.string(), until: Instant })
    .nullable()
    .describe(
      'A change that would lock its author out: another owner confirms it from where it leaves open.',
    ),
  outsiders: z
    .array(z.object({ memberId: z.string(), email: z.string() }))
    .describe('Members whose address lies in none of signInDomains. At most 500 members are looked at.'),
})
export type PolicyView = z.output<typeof Policy>

/** What holds where a workspace has set nothing. */
export const DEFAULT_POLICY: PolicyValues = {
  secondFactor: 'required',
  sessionHours: 168,
  allowedCidrs: [],
  signInDomains: [],
  ssoRequired: false,
}

const STRENGTH = { optional: 0, required: 1, passkey: 2 } as const

/** What members have to know: their sessions without it end. */
export function isStricter(before: PolicyValues, next: PolicyValues): boolean {
  return (
    STRENGTH[next.secondFactor] > STRENGTH[before.secondFactor] || (next.ssoRequired && !before.ssoRequired)
  )
}

/** Whether a factor fulfils a policy; as people-access.ts judges sessions. */
export function isFactorEnough(
  policy: Pick<PolicyValues, 'secondFactor'>,
  factor: 'none' | 'totp' | 'passkey' | 'recovery' | 'sso',
): boolean {
  switch (policy.secondFactor) {
    case 'optional':
      return true
    case 'required':
      return factor !== 'none'
    case 'passkey':
      return factor === 'passkey' || factor === 'sso'
  }
}
