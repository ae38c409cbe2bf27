import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'

/** What captured.envelope holds, sealed. Read leniently: a list must not fail on one odd row. */
export const CapturedEnvelope = z.object({
  from: z.string().default(''),
  to: z.array(z.string()).default([]),
  subject: z.string().nullable().default(null),
  headerFrom: z.string().nullable().default(null),
})
export type CapturedEnvelope = z.output<typeof CapturedEnvelope>

export const CapturedSummary = z.object({
  id: z.string(),
  messageId: z.string().nullable(),
  from: z.string().describe('The From header, or the envelope sender.'),
  to: z.array(z.string()).describe('The envelope recipients.'),
  subject: z.string().nullable(),
  receivedAt: Instant,
  sizeBytes: z.int(),
})

export const Check = z.object({
  name: z.string(),
  state: z.enum(['ok', 'warning', 'problem']),
  detail: z.string(),
})
export type Check = z.output<typeof Check>

export const Captured = CapturedSummary.extend({
  envelopeFrom: z.string(),
  html: z.string().nullable().describe('Untrusted. Show it in a sandboxed frame only.'),
  text: z.string().nullable(),
  headers: z.array(z.object({ name: z.string(), value: z.string() })),
  attachments: z.array(
    z.object({
      index: z.int(),
      filename: z.string().nullable(),
      contentType: z.string(),
      sizeBytes: z.int(),
      inline: z.boolean(),
      contentId: z.string().nullable(),
    }),
  ),
  checks: z.array(Check).describe('What a receiver would find fault with.'),
})
