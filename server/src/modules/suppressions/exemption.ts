import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'
import type { SealedPlace } from '../../platform/sealing/index.ts'

/** An address that hard bounces do not suppress. */
export const Exemption = z
  .object({
    id: z.string(),
    email: z.string().nullable().describe('Null where its key was destroyed.'),
    note: z.string().nullable(),
    createdAt: Instant,
  })
  .meta({ id: 'SuppressionExemption' })

export function exemptionPlace(
  workspaceId: string,
  id: string,
  column: 'address' | 'sealed_note',
): SealedPlace {
  return { workspaceId, table: 'suppression_exemption', column, rowId: id }
}
