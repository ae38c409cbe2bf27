import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'
import { SignedIn } from '../sessions/index.ts'

const used = { createdAt: Instant, lastUsedAt: Instant.nullable() }

export const FactorName = z
  .string()
  .trim()
  .min(1)
  .max(60)
  .regex(/^[^\p{Cc}]*$/u, 'must be one line')
  .describe('What you call the device.')

export const FactorList = z.object({
  passkeys: z.array(z.object({ id: z.string(), name: z.string(), ...used })),
  authenticatorApp: z.object({ id: z.string(), ...used }).nullable(),
  recoveryCodesLeft: z.number().int().describe('Of ten. Make new ones when few are left.'),
})

export const PasskeyCreationOptions = z
  .looseObject({ challenge: z.string() })
  .describe(
    'For `navigator.credentials.create` (PublicKeyCredentialCreationOptionsJSON). Good for five minutes and one answer.',
  )

export const BegunTotp = z.object({
  secret: z
    .string()
    .describe(
      'For typing into an authenticator app (base32). It is shown this once and cannot be shown again.',
    ),
  uri: z.string().describe('The same as a link, for a QR code.'),
})

export const AddedFactor = z.object({
  id: z.string(),
  session: SignedIn.nullable().describe(
    'With the first factor the sessions from before it end, and this one takes their place.',
  ),
})

export const RecoveryCodes = z.object({
  recoveryCodes: z
    .array(z.string())
    .describe(
      'Each works once, in place of a factor that is lost. They are shown this once; those from before work no more.',
    ),
})
