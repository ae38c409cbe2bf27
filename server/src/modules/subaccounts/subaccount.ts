import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'
import type { SealedPlace } from '../../platform/sealing/index.ts'

export const SUBACCOUNT_STATES = ['active', 'paused'] as const
export type SubaccountState = (typeof SUBACCOUNT_STATES)[number]

export const HOURLY_QUOTA_MAX = 1_000_000_000
const PRINTABLE = /^(?=.*\S)[^\p{C}\p{Zl}\p{Zp}]*$/u

export const SubaccountName = z
  .string()
  .min(1)
  .max(255)
  .regex(PRINTABLE, 'must be printable characters, and not only blanks')
export const Title = z
  .string()
  .max(255)
  .regex(/^\P{Cc}*$/u, 'has a line break or control character')
export const Note = z.string().max(10_000)
export const HourlyQuota = z.int().min(1).max(HOURLY_QUOTA_MAX)

export const Subaccount = z
  .object({
    id: z.string(),
    name: z.string().describe('By which messages name it.'),
    title: z.string(),
    note: z.string().nullable().describe('Null where there is none, or its key was destroyed.'),
    state: z.enum(SUBACCOUNT_STATES).describe('paused: its mail is accepted and waits.'),
    hourlyQuota: z
      .int()
      .nullable()
      .describe('Recipients an hour; what is more waits for the next hour. Null: no limit of its own.'),
    sent: z
      .object({
        hour: z.int(),
        week: z.int().describe('In 7 days.'),
        month: z.int().describe('In 30 days.'),
        total: z.int().describe('In 400 days.'),
      })
      .describe('Recipients of accepted mail, by the hour in which it goes, up to now.'),
    createdAt: Instant,
    firstSentAt: Instant.nullable().describe('The hour of the first mail.'),
    updatedAt: Instant,
  })
  .meta({ id: 'Subaccount' })

export function notePlace(workspaceId: string, id: string): SealedPlace {
  return { workspaceId, table: 'subaccount', column: 'sealed_note', rowId: id }
}
