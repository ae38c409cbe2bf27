import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'

export const Alert = z.object({
  id: z.string(),
  kind: z.string().describe('Which rule: docs/detection.md.'),
  severity: z.enum(['medium', 'high', 'critical']),
  text: z.string().describe('What was seen.'),
  advice: z.string().describe('What to do.'),
  personId: z.string().nullable().describe('Where one person alone is concerned.'),
  about: z.string().describe('The same for the same client or workspace; tells nothing else.'),
  detail: z.record(z.string(), z.unknown()).describe('Counts.'),
  occurrences: z.int().describe('How often it was found again while it went on.'),
  createdAt: Instant,
  lastAt: Instant,
  acknowledgedAt: Instant.nullable(),
  acknowledgedBy: z.string().nullable(),
})
