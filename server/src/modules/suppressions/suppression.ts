import { z } from 'zod'
import { normaliseForIndex, parseAddress } from '../../kernel/email-address.ts'
import { invalidField } from '../../kernel/faults.ts'
import { Instant } from '../../platform/http/listing.ts'
import type { SealedPlace } from '../../platform/sealing/index.ts'

export const SUPPRESSION_REASONS = ['hard_bounce', 'complaint', 'unsubscribe', 'manual'] as const
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number]

export const Suppression = z.object({
  id: z.string(),
  email: z
    .string()
    .nullable()
    .describe('Null where the address came from a sensitive message, whose key is destroyed.'),
  reason: z.enum(SUPPRESSION_REASONS),
  note: z.string().nullable(),
  messageId: z.string().nullable().describe('The message whose bounce caused it.'),
  evidence: z.record(z.string(), z.unknown()).nullable().describe('The reply that caused it.'),
  createdAt: Instant,
})

/** A plain address in the field `email`, and the form of it that is indexed. */
export function suppressedAddress(text: string): { readonly email: string; readonly indexed: string } {
  const parsed = parseAddress(text)
  if (!parsed.ok) throw invalidField('email', parsed.problem, 'Write an address such as ann@example.com.')
  return { email: parsed.address.email, indexed: normaliseForIndex(parsed.address.email) }
}

/** Where an entry's note is sealed. */
export function notePlace(workspaceId: string, entryId: string): SealedPlace {
  return { workspaceId, table: 'suppression', column: 'sealed_note', rowId: entryId }
}

/** Where an entry's address is sealed; the engine seals a bounced recipient's address anew for its entry. */
export function addressPlace(workspaceId: string, entryId: string): SealedPlace {
  return { workspaceId, table: 'suppression', column: 'address', rowId: entryId }
}
