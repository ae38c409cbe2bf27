import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'
import { ALL_SCOPES } from '../../security/access/index.ts'

export const ApiKey = z.object({
  id: z.string(),
  name: z.string(),
  prefix: z.string().describe('The public start of the key; names it in lists and logs.'),
  scopes: z.array(z.string()),
  createdAt: Instant,
  expiresAt: Instant.nullable(),
  revokedAt: Instant.nullable(),
  killed: z.boolean().describe('Ended together with all others of its kind: see epochs.'),
  lastUsedAt: Instant.nullable().describe('Kept to within half a minute.'),
})

export const ApiKeyWithSecret = ApiKey.extend({
  key: z.string().describe('The key itself. It is shown this once and cannot be shown again.'),
})

export const Scopes = z
  .array(z.enum(ALL_SCOPES))
  .min(1)
  .max(ALL_SCOPES.length)
  .refine((scopes) => new Set(scopes).size === scopes.length, 'names a scope twice')

/** The scopes asked for that the asker does not have: no key makes a mightier one. */
export function scopesBeyond(asked: readonly string[], held: readonly string[]): string[] {
  return asked.filter((scope) => !held.includes(scope))
}
