import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'
import { FACTOR_NAMES } from './factor-checks.ts'

const Factor = z
  .enum(['none', 'totp', 'passkey', 'recovery', 'sso'])
  .describe('The second factor that was shown.')
const Level = z
  .enum(['enrolment', 'full'])
  .describe('`enrolment` can do nothing but add a second factor, within an hour.')

export const SessionView = z.object({
  id: z.string(),
  current: z.boolean().describe('Whether it is the one that asks.'),
  level: Level,
  factor: Factor,
  device: z.string().describe('What the browser says of itself, in words.'),
  network: z.string().describe('Address of IPv4, /64 of IPv6.'),
  createdAt: Instant,
  lastSeenAt: Instant.describe('To within half a minute.'),
  expiresAt: Instant,
})

export const SignedIn = z.object({
  id: z.string(),
  level: Level,
  factor: Factor,
  expiresAt: Instant,
  token: z
    .string()
    .nullable()
    .describe('Of transport token; in a browser the session is in a cookie that scripts do not see.'),
})

export const LogInAnswer = z.object({
  next: z
    .enum(['second_factor', 'email_code', 'enrol', 'done'])
    .describe(
      'What comes next. `second_factor`: POST /v1/log-in/second-factor. `email_code`: an eight-digit code was mailed, POST /v1/log-in/email-code; a passkey may be shown instead. `enrol`: the session can only add a second factor. `done`: no workspace demands one.',
    ),
  challenge: z.string().nullable().describe('For the next step, within ten minutes, from the same network.'),
  factors: z.array(z.enum(FACTOR_NAMES)).describe('What the person has.'),
  expiresAt: Instant.nullable().describe('When the challenge is over.'),
  session: SignedIn.nullable(),
})

/** Where the session goes. */
export const Transport = z
  .enum(['cookie', 'token'])
  .default('cookie')
  .describe('`token` answers it, for programs; a browser gets it in a cookie.')

export const Challenge = z.string().max(200).describe('Of POST /v1/log-in.')

export const PasskeyOptions = z
  .looseObject({ challenge: z.string(), rpId: z.string() })
  .describe('For `navigator.credentials.get` (PublicKeyCredentialRequestOptionsJSON).')

/** Exactly one of them. */
export const shownFactor = {
  totp: z.string().min(1).max(20).optional().describe('Six digits of an authenticator app.'),
  recoveryCode: z.string().min(1).max(60).optional().describe('One of the recovery codes.'),
}
