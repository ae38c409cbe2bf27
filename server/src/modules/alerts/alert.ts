import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'

export const Severity = z.enum(['medium', 'high', 'critical'])

/** The filters of a list of alarms. */
export const alertFilter = {
  state: z.enum(['open', 'all']).default('all').describe('`open`: only those that nobody has acknowledged.'),
  severity: Severity.optional().describe('Only those of this severity.'),
} as const

export const AlertNote = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .optional()
  .describe('What others shall know: whether it was you, who looks after it. No personal data.')

export const Alert = z.object({
  id: z.string(),
  kind: z.string().describe('Which rule: docs/detection.md.'),
  severity: Severity,
  text: z.string().describe('What was seen.'),
  advice: z.string().describe('What to do.'),
  command: z.string().nullable().describe('The command that shows more.'),
  response: z.string().nullable().describe('What the installation has done by itself.'),
  personId: z.string().nullable().describe('Where one person alone is concerned.'),
  about: z.string().describe('The same for the same client or workspace; tells nothing else.'),
  detail: z.record(z.string(), z.unknown()).describe('Counts.'),
  occurrences: z.int().describe('How often it was found again while it went on.'),
  createdAt: Instant,
  lastAt: Instant,
  acknowledgedAt: Instant.nullable(),
  acknowledgedBy: z.string().nullable(),
  note: z.string().nullable().describe('What whoever acknowledged it wrote beside it.'),
})
