import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'
import { Findings, REPORT_KINDS } from './findings.ts'

/** A report as the API shows it. */
export const Bounce = Findings.extend({
  id: z.string(),
  messageId: z.string().nullable(),
  kind: z
    .enum(REPORT_KINDS)
    .describe(
      'bounce: it was not delivered. notice: it is late, or was delivered. complaint: somebody complained. auto_reply, challenge, receipt: a machine answered. other: none of these. mail: to postmaster or abuse.',
    ),
  format: z.string().describe('What told: dsn, arf, or the name of a free form.'),
  receivedAt: Instant,
  sizeBytes: z.int().describe('Of the whole report; what is stored of one ends after 512 KiB.'),
})

/** One of the operator's quarantine. */
export const Quarantined = z.object({
  id: z.string(),
  kind: z.enum(REPORT_KINDS),
  format: z.string(),
  why: z.string().nullable().describe('Why it belongs to no workspace.'),
  receivedAt: Instant,
  sizeBytes: z.int(),
})
