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
  yourAddress: z.string().describe('The address that this request came from, as networks are judged.'),
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

/** Why a session would end. */
const LossReason = z.enum(['second_factor', 'network', 'age', 'provider'])
export type LossReason = z.output<typeof LossReason>

export const PolicyPreview = z.object({
  policy: PolicyValues.describe('What would hold.'),
  changed: z.array(PolicyValues.keyof()).describe('Which rules become others.'),
  yourAddress: z.string().describe('The address that this request came from, as networks are judged.'),
  waits: z
    .boolean()
    .describe('Your own address is in none of the networks: another owner has 15 minutes to confirm.'),
  refusal: z.string().nullable().describe('Why the change would be refused; null: it would be made.'),
  sessionsOpen: z.int().describe('How many sessions open the workspace now.'),
  sessionsEnding: z.int().describe('How many of them would open it no more.'),
  losing: z
    .array(
      z.object({
        memberId: z.string(),
        email: z.string(),
        name: z.string().nullable(),
        sessions: z.int().describe('How many sessions of this member would open the workspace no more.'),
        sessionsLeft: z.int(),
        reasons: z.array(LossReason),
        canReturn: z.boolean().describe('Whether the member has what it takes to log in again.'),
      }),
    )
    .describe('Members whose sessions would end, and those who could not come in.'),
  isComplete: z.boolean().describe('False where there are more members or sessions than were looked at.'),
})
export type PolicyPreviewView = z.output<typeof PolicyPreview>

/** A session as far as a policy judges it. */
export interface JudgedSession {
  readonly role: string
  readonly factor: 'none' | 'totp' | 'passkey' | 'recovery' | 'sso'
  readonly ageSeconds: number
  /** Whether the network it was made from is one of those that are left; where that is not known, it counts as one. */
  readonly isInside: boolean
}

/** Why a policy would let a session in no more; as people-access.ts judges sessions. */
export function lossOf(policy: PolicyValues, session: JudgedSession): LossReason[] {
  return [
    ...(isFactorEnough(policy, session.factor) ? [] : (['second_factor'] as const)),
    ...(session.isInside ? [] : (['network'] as const)),
    ...(session.ageSeconds < policy.sessionHours * 3_600 ? [] : (['age'] as const)),
    ...(policy.ssoRequired && session.factor !== 'sso' && session.role !== 'owner'
      ? (['provider'] as const)
      : []),
  ]
}

/** Whether a member has what a policy asks for at the next log-in. A provider of the workspace is taken to know him. */
export function canReturn(
  policy: PolicyValues,
  member: {
    readonly role: string | null
    readonly factors: { readonly passkeys: number; readonly authenticatorApp: boolean }
  },
): boolean {
  if (policy.ssoRequired && member.role !== 'owner') return true
  switch (policy.secondFactor) {
    case 'optional':
      return true
    case 'required':
      return member.factors.passkeys > 0 || member.factors.authenticatorApp
    case 'passkey':
      return member.factors.passkeys > 0
  }
}

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
