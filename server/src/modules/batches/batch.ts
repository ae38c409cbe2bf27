import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'

export const BATCH_STATES = ['active', 'paused', 'cancelled'] as const
export type BatchState = (typeof BATCH_STATES)[number]

/** For how long new messages may name a batch. */
export const BATCH_DAYS = 10

export const Batch = z
  .object({
    id: z.string(),
    state: z
      .enum(BATCH_STATES)
      .describe('paused: what is due waits; cancelled: what is due is cancelled; active: neither.'),
    takesMessagesUntil: Instant,
    createdAt: Instant,
    updatedAt: Instant,
  })
  .meta({ id: 'Batch' })
