import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'

export const Email = z.string().min(3).max(1_000).describe('One address, like ann@example.com.')
export const Password = z.string().min(1).max(1_024)
export const Token = z
  .string()
  .min(1)
  .max(200)
  .describe('What stands behind the # of the link in the letter.')
export const PersonName = z.string().trim().min(1).max(100)

export const CheckYourMail = z.object({
  status: z.literal('check_your_mail').describe('The same whoever has the address, or nobody.'),
})

export const Account = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string().nullable(),
  createdAt: Instant,
  hasPassword: z.boolean(),
  passwordSetAt: Instant.nullable(),
  factors: z.object({ passkeys: z.int(), totp: z.boolean(), recoveryCodesLeft: z.int() }),
  session: z
    .object({
      id: z.string(),
      level: z.enum(['enrolment', 'full']),
      factor: z.enum(['none', 'totp', 'passkey', 'recovery', 'sso']),
      strongAgeSeconds: z.int().nullable().describe('Since the second factor was last shown.'),
    })
    .describe('The session that asks.'),
  workspaces: z.array(z.object({ id: z.string(), name: z.string(), role: z.string(), since: Instant })),
  emailChange: z
    .object({
      email: z.string(),
      isConfirmed: z.boolean(),
      takesEffectAt: Instant.nullable().describe('Until then everything goes to the old address.'),
    })
    .nullable(),
  recovery: z
    .object({ id: z.string(), readyAt: Instant })
    .nullable()
    .describe('A recovery that runs. If it is not yours, stop it: DELETE /v1/account/recovery.'),
})

export const Recovery = z.object({
  id: z.string(),
  state: z.enum(['waiting', 'done', 'cancelled', 'expired']),
  readyAt: Instant.describe('72 hours after its beginning; nothing happens before.'),
  expiresAt: Instant,
  isReady: z.boolean().describe('Whether time and approvals are all there.'),
  needs: z.array(
    z.object({
      workspace: z.object({ id: z.string(), name: z.string() }),
      way: z
        .enum(['people', 'dns'])
        .describe(
          'people: others of the workspace approve; dns: nobody else can, so a record must stand in DNS.',
        ),
      needed: z.int(),
      given: z.int(),
      records: z
        .array(z.object({ type: z.literal('TXT'), name: z.string(), value: z.string() }))
        .describe('One of these is enough. Empty where the workspace has no verified domain.'),
    }),
  ),
  operator: z.object({ isNeeded: z.boolean(), hasApproved: z.boolean() }),
})

export const WaitingRecovery = Recovery.extend({ personId: z.string() })

export const Person = z.object({
  id: z.string(),
  createdAt: Instant,
  disabledAt: Instant.nullable(),
  flaggedAt: Instant.nullable().describe('Its address was probed.'),
  workspaces: z.int().describe('How many it is a member of.'),
})
