import { z } from 'zod'
import { ACTOR_CLASSES, CAPABILITIES } from '../../kernel/containment.ts'

const Ratio = z
  .number()
  .nullable()
  .describe('The legitimate part of what would be blocked, 0 to 1; null where nothing would be.')

/** What a preview answers. Rates are per minute. */
export const Preview = z.object({
  minutes: z.int().describe('The time that was looked at.'),
  blockedPerMinute: z.number(),
  suspiciousPerMinute: z.number(),
  legitimatePerMinute: z.number().describe('What others pay.'),
  collateralRatio: Ratio,
  rates: z
    .array(
      z.object({
        capability: z.enum(CAPABILITIES),
        actorClass: z.enum(ACTOR_CLASSES),
        actor: z.string().nullable(),
        perMinute: z.number(),
        blocked: z.boolean(),
        suspicious: z.boolean(),
      }),
    )
    .describe('What was done, by capability, lane, kind of process and credential; the busiest first.'),
  waiting: z
    .array(z.object({ lane: z.string(), recipients: z.int(), blocked: z.int() }))
    .describe('Recipients in the queue, and how many of them would stay there.'),
  credentials: z.object({ apiKeys: z.int(), smtpCredentials: z.int() }).describe('Live credentials.'),
  streams: z.int().describe('Live event streams on the process that answers.'),
  proposal: z
    .object({
      credential: z.string().nullable(),
      actorClass: z.enum(ACTOR_CLASSES),
      capabilities: z.array(z.enum(CAPABILITIES)),
      collateralRatio: Ratio,
      why: z.string(),
    })
    .describe('The narrowest containment that does it.'),
})
