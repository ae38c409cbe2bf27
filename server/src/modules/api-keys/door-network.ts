import { z } from 'zod'
import { DOORS } from '../../kernel/doors.ts'
import { Instant } from '../../platform/http/listing.ts'

/** Of one door. */
export const DOOR_NETWORKS_MAX = 1_000

export const doorInput = { door: z.enum(DOORS).describe('The vendor whose API the keys open.') }

export const DoorNetwork = z
  .object({
    number: z.int().describe('Names it within the door.'),
    door: z.enum(DOORS),
    cidr: z.string(),
    createdAt: Instant,
    createdBy: z.string(),
  })
  .meta({ id: 'DoorNetwork' })

export const KeyUse = z
  .object({
    apiKeyId: z.string(),
    allowed: z.boolean().describe('false: the key was shown from a network from which it does not work.'),
    network: z.string().describe('/24 of IPv4, /48 of IPv6.'),
    program: z
      .string()
      .nullable()
      .describe('First word of its User-Agent; null where it said none, or was refused.'),
    firstAt: Instant,
    lastAt: Instant.describe('Kept to within half a minute.'),
  })
  .meta({ id: 'ApiKeyUse' })
