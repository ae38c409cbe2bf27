import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'

export const SmtpCredential = z.object({
  id: z.string(),
  name: z.string(),
  username: z.string(),
  createdAt: Instant,
  revokedAt: Instant.nullable(),
  killed: z.boolean().describe('Ended together with all others of its kind: see epochs.'),
  lastUsedAt: Instant.nullable().describe('Kept to within half a minute.'),
})

export const SmtpCredentialWithSecret = SmtpCredential.extend({
  password: z.string().describe('The password. It is shown this once and cannot be shown again.'),
})
