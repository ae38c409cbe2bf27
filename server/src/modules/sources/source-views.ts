import { z } from 'zod'
import { LANES } from '../../kernel/lane.ts'
import { Instant } from '../../platform/http/listing.ts'

const Lane = z.enum(LANES)
export const Lanes = z.array(Lane).min(1).max(LANES.length)
export const OneLane = Lane

/** A name of the file: of a source, a pool or a provider. */
export const PlanName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'is not a name such as ip1')
  .describe('A name of the shaping file.')

export const SourceHost = z.object({
  host: z.string(),
  ehloName: z.string(),
  addresses: z.array(z.string()).describe('Empty: whatever the routes of the host choose.'),
  weight: z.number().int(),
  pools: z.array(z.string()),
  usable: z.boolean().describe('Whether the host has the addresses.'),
  why: z.string().nullable(),
  live: z.boolean().describe('Whether a sender of the host was heard of within 30 seconds.'),
  seenAt: Instant,
})

export const SourcePause = z.object({
  provider: z.string().nullable().describe('Null: everywhere.'),
  kind: z.enum(['operator', 'automatic']),
  reason: z.string(),
  evidence: z
    .array(
      z.object({
        at: z.string(),
        rule: z.string(),
        code: z.number().int(),
        enhanced: z.string().nullable(),
        text: z.string(),
      }),
    )
    .describe('Replies that led to it, without addresses.'),
  beganAt: Instant,
  until: Instant.nullable().describe('Null: until it is resumed.'),
  by: z.string(),
})

export const SourceWarmUp = z.object({
  provider: z.string().describe('"other": sites of no provider, together.'),
  state: z.enum(['early', 'warming', 'warm', 'paused']),
  start: z.string().describe('The first day, UTC.'),
  day: z.number().int().describe('Of its ramp, from 1; pauses set it back.'),
  days: z.number().int(),
  allowed: z.number().int().nullable().describe('Recipients today; null: no number any more.'),
  used: z.number().int(),
  taken: z.number().int().describe('Used, or in the hands of a sender that may use it.'),
  complaints: z.number().int().describe('Today.'),
  ramp: z.array(z.number().int()).describe('Recipients a day, from the first day of the ramp on.'),
  history: z
    .array(
      z.object({
        day: z.string(),
        used: z.number().int(),
        allowed: z.number().int().nullable().describe('Null: none, warm.'),
        complaints: z.number().int(),
      }),
    )
    .describe('The last 60 days on which something was sent, the oldest first; UTC.'),
  setBack: z.number().int().describe('Days by which pauses have set it back.'),
})

export const SourceView = z.object({
  name: z.string(),
  hosts: z.array(SourceHost),
  pauses: z.array(SourcePause),
  warmUps: z.array(SourceWarmUp),
})

export const RouteView = z.object({
  workspaceId: z.string(),
  lane: Lane,
  pool: z.string(),
  known: z
    .boolean()
    .describe('Whether a live host has the pool in its file; if not, the pool of the lane is used.'),
  setAt: Instant,
  setBy: z.string(),
})
