import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'
import { boundsShown, LastUsedFrom } from '../../security/access/index.ts'

export const SmtpCredential = z.object({
  id: z.string(),
  name: z.string(),
  username: z.string(),
  ...boundsShown,
  createdAt: Instant,
  expiresAt: Instant.nullable(),
  endsAt: Instant.nullable().describe('The end that a rotation has set.'),
  rotatedFrom: z.string().nullable().describe('The credential whose place it takes.'),
  revokedAt: Instant.nullable(),
  killed: z.boolean().describe('Ended together with all others of its kind: see epochs.'),
  lastUsedAt: Instant.nullable().describe('Kept to within half a minute.'),
  lastUsedFrom: LastUsedFrom,
})

export const SmtpCredentialWithSecret = SmtpCredential.extend({
  password: z.string().describe('The password. It is shown this once and cannot be shown again.'),
})
