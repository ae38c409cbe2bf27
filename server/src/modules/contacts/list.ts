import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'

export const LISTS_MAX = 2_000

export const ListName = z.string().trim().min(1).max(200)
export const ListDescription = z.string().trim().max(1000).describe('For people.')

export const ContactList = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    contacts: z.number().int().describe('How many are on it.'),
    createdAt: Instant,
    updatedAt: Instant,
  })
  .meta({ id: 'ContactList' })
export type ListView = z.output<typeof ContactList>
