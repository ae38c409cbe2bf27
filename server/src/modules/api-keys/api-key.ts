import { z } from 'zod'
import { DOORS } from '../../kernel/doors.ts'
import { Instant } from '../../platform/http/listing.ts'
import { ALL_SCOPES, boundsShown, LastUsedFrom } from '../../security/access/index.ts'

/** What a report of a leak does to a key. */
export const OnLeak = z
  .enum(['by_scope', 'revoke', 'tighten'])
  .describe(
    'What a report of a leak does. tighten: 72 more hours from the networks where it worked before. by_scope: tighten a key that can only send, revoke every other.',
  )

export const ApiKey = z.object({
  id: z.string(),
  name: z.string(),
  prefix: z.string().describe('The public start of the key; names it in lists and logs.'),
  scopes: z.array(z.string()),
  door: z.enum(DOORS).nullable().describe('The vendor whose API it opens, and nothing else; null: ours.'),
  doorScopes: z
    .array(z.string())
    .describe(
      'What it may do by the names of that vendor, beside its scopes; empty: all that its scopes allow.',
    ),
  createdAt: Instant,
  ...boundsShown,
  onLeak: OnLeak,
  expiresAt: Instant.nullable(),
  endsAt: Instant.nullable().describe('The end that a rotation or the answer to a leak has set.'),
  leakedAt: Instant.nullable().describe('When it was reported as leaked.'),
  rotatedFrom: z.string().nullable().describe('The key whose place it takes.'),
  revokedAt: Instant.nullable(),
  killed: z.boolean().describe('Ended together with all others of its kind: see epochs.'),
  lastUsedAt: Instant.nullable().describe('Kept to within half a minute.'),
  lastUsedFrom: LastUsedFrom,
})

export const ApiKeyWithSecret = ApiKey.extend({
  key: z.string().describe('The key itself. It is shown this once and cannot be shown again.'),
})

export const KeyName = z.string().trim().min(1).max(200).describe('What the key is for.')

export const DoorScopes = z.array(z.string().regex(/^[\x21-\x7e]{1,100}$/)).max(1_000)

export const Scopes = z
  .array(z.enum(ALL_SCOPES))
  .min(1)
  .max(ALL_SCOPES.length)
  .refine((scopes) => new Set(scopes).size === scopes.length, 'names a scope twice')

/** The scopes of somebody that a key can have; people have others too. */
export function keyScopesOf(principal: { readonly scopes: readonly string[] }): string[] {
  return ALL_SCOPES.filter((scope) => principal.scopes.includes(scope))
}
