import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'

export const HoneyAccount = z.object({
  id: z.string(),
  email: z.string(),
  createdAt: Instant,
  touchedAt: Instant.nullable().describe('When somebody last tried it.'),
})
