import { z } from 'zod'
import { normaliseForIndex, parseAddress } from '../../kernel/email-address.ts'
import { invalidField } from '../../kernel/faults.ts'
import { Instant } from '../../platform/http/listing.ts'
import type { SealedPlace } from '../../platform/sealing/index.ts'

export const SUPPRESSION_REASONS = ['hard_bounce', 'complaint', 'unsubscribe', 'manual'] as const
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number]

export const SUPPRESSION_SCOPES = ['all', 'bulk'] as const
/** `bulk` stops mail of the lane bulk only. */
export type SuppressionScope = (typeof SUPPRESSION_SCOPES)[number]

/** Who leaves a newsletter still wants receipts; the other reasons stop all mail. */
export function scopeOfReason(reason: SuppressionReason): SuppressionScope {
  return reason === 'unsubscribe' ? 'bulk' : 'all'
}

export const Scope = z
  .enum(SUPPRESSION_SCOPES)
  .describe('all: no mail goes there; bulk: only mail of the lane bulk does not.')

export const Note = z.string().trim().max(1000).describe('For people. Stored sealed.')

/** When an entry ends; in the future, at most ten years ahead. */
export const Expiry = z.iso.datetime({ offset: true, error: 'must be a time such as 2026-01-31T09:00:00Z' })

const EXPIRY_MS_MAX = 10 * 366 * 86_400_000

export const Suppression = z
  .object({
    id: z.string(),
    email: z
      .string()
      .nullable()
      .describe('Null where the address came from a sensitive message, whose key is destroyed.'),
    reason: z.enum(SUPPRESSION_REASONS),
    reasons: z
      .array(z.enum(SUPPRESSION_REASONS))
      .describe('All reasons that were told for the address; reason is the first of those that stop most.'),
    scope: Scope,
    expiresAt: Instant.nullable().describe('When the entry ends by itself; null: never.'),
    note: z.string().nullable(),
    messageId: z.string().nullable().describe('The message whose bounce, complaint or link caused it.'),
    importId: z.string().nullable().describe('The import that brought it.'),
    evidence: z.record(z.string(), z.unknown()).nullable().describe('The reply that caused it.'),
    createdAt: Instant,
  })
  .meta({ id: 'Suppression' })

/** A plain address in the field `email`, and the form of it that is indexed. */
export function suppressedAddress(text: string): { readonly email: string; readonly indexed: string } {
  const parsed = parseAddress(text)
  if (!parsed.ok) throw invalidField('email', parsed.problem, 'Write an address such as ann@example.com.')
  return { email: parsed.address.email, indexed: normaliseForIndex(parsed.address.email) }
}

/** What is wrong with the time at which an entry shall end; null: nothing. */
export function expiryProblem(expiresAt: Date, nowMs: number): string | null {
  if (expiresAt.getTime() <= nowMs) return 'is in the past'
  return expiresAt.getTime() > nowMs + EXPIRY_MS_MAX ? 'is more than ten years ahead' : null
}

/** The time at which an entry shall end; a fault that names the field where it may not. */
export function expiryOf(field: string, text: string, nowMs: number): Date {
  const expiresAt = new Date(text)
  const problem = expiryProblem(expiresAt, nowMs)
  if (problem !== null) throw invalidField(field, problem, 'Leave it out for an entry that does not end.')
  return expiresAt
}

/** Where an entry's note is sealed. */
export function notePlace(workspaceId: string, entryId: string): SealedPlace {
  return { workspaceId, table: 'suppression', column: 'sealed_note', rowId: entryId }
}

/** Where an entry's address is sealed; the engine seals a bounced recipient's address anew for its entry. */
export function addressPlace(workspaceId: string, entryId: string): SealedPlace {
  return { workspaceId, table: 'suppression', column: 'address', rowId: entryId }
}
