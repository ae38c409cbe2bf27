import { z } from 'zod'
import { SENDERS_MAX } from './key-bounds.ts'
import { CIDRS_MAX } from '../../platform/networks/index.ts'

/** Fields of requests that bound a credential; what is left out is taken from the credential that asks. */
export const boundsInput = {
  allowedCidrs: z
    .array(z.string().min(1).max(60))
    .max(CIDRS_MAX)
    .optional()
    .describe(
      'Networks from which it works, such as 192.0.2.0/24. Empty: all. Default: those of the key that asks.',
    ),
  allowedSenders: z
    .array(z.string().min(2).max(320))
    .max(SENDERS_MAX)
    .optional()
    .describe(
      'As whom it may send: ann@example.com or @example.com. Empty: all of the workspace. Default: those of the key that asks.',
    ),
}

/** The same in answers. */
export const boundsShown = {
  allowedCidrs: z.array(z.string()).describe('Networks from which it works; empty: all.'),
  allowedSenders: z.array(z.string()).describe('As whom it may send; empty: all.'),
}

export const LastUsedFrom = z
  .object({
    network: z.string().describe('/24 of IPv4, /48 of IPv6; the address itself is not kept.'),
    program: z.string().nullable().describe('The first word of the User-Agent.'),
  })
  .nullable()

export const overlapInput = z
  .int()
  .min(0)
  .max(168)
  .default(24)
  .describe('How long the old one goes on working, in hours; 0 ends it at once.')
