import { z } from 'zod'
import { BOUNCE_CLASSES } from './classify.ts'
import { ACTIONS, FEEDBACK_TYPES } from './report.ts'

export const REPORT_KINDS = [
  'bounce',
  'notice',
  'complaint',
  'auto_reply',
  'challenge',
  'receipt',
  'other',
  'mail',
] as const
export type ReportKind = (typeof REPORT_KINDS)[number]

export const EFFECTS = ['none', 'returned', 'complained', 'unsubscribed'] as const

/** What a report says of one recipient, and what came of it. Holds no address. */
export const Finding = z.object({
  number: z
    .int()
    .nullable()
    .describe('The recipient’s number in the message; null where it is none of them.'),
  named: z.boolean().describe('The report names the recipient’s address.'),
  action: z.enum(ACTIONS).nullable(),
  status: z.string().nullable().describe('Enhanced status code, for example 5.1.1.'),
  class: z.enum(BOUNCE_CLASSES).nullable().describe('Who is to blame.'),
  permanent: z.boolean(),
  reason: z.string().nullable().describe('What the class follows from, in words.'),
  rule: z.string().nullable().describe('The rule that decided the class.'),
  diagnostic: z.string().describe('What the refusing server said, without addresses.'),
  remoteMta: z.string().nullable(),
  effect: z.enum(EFFECTS).describe('The event that the report became.'),
  suppressed: z.boolean().describe('The address was put on the suppression list because of it.'),
  note: z.string().nullable().describe('Why nothing, or less, came of it.'),
})
export type Finding = z.output<typeof Finding>

/** What bounce_report.findings holds. Read leniently: a list must not fail on one odd row. */
export const Findings = z.object({
  reportingMta: z.string().nullable().default(null),
  feedbackType: z.enum(FEEDBACK_TYPES).nullable().default(null),
  reporter: z.string().nullable().default(null),
  truncated: z.boolean().default(false),
  recipients: z.array(Finding).default([]),
})
export type Findings = z.output<typeof Findings>

export const NO_FINDINGS: Findings = Findings.parse({})
