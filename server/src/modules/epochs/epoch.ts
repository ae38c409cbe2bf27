import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'

/** The kinds of credential that a floor can reach. `session` are those of people. */
export const EPOCH_CLASSES = ['any', 'session', 'api_key', 'smtp_credential'] as const

export const Reason = z.string().trim().min(1).max(500).describe('Why, for the audit log: no personal data.')

export const Epoch = z.object({
  scope: z.enum(['installation', 'workspace', 'member']),
  class: z.enum(EPOCH_CLASSES),
  floor: z.number().int().describe('Every credential that was made at or before this number is dead.'),
  bumpedAt: Instant,
  reason: z.string(),
})

export const BumpedEpoch = Epoch.extend({
  keySurvives: z
    .boolean()
    .describe('Whether the key that asked still works; false where the floor reaches it.'),
})
