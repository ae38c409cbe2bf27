import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'

export const Change = z.object({
  id: z.string(),
  kind: z.string().describe('sender.added, domain.removed, webhook.changed, owner.added, …'),
  target: z.string().describe('Id of the sender, domain, webhook or member.'),
  subject: z.string().nullable().describe('The address, domain, host or role.'),
  at: Instant,
  actor: z.string().nullable().describe('Who made it; null where nobody known to the product did.'),
  inertUntil: Instant.nullable().describe('Until then it does nothing; null where it counts.'),
  state: z.enum(['open', 'approved', 'rejected']),
  decidedBy: z.string().nullable(),
  decidedAt: Instant.nullable(),
  unexplained: z.boolean().describe('The audit log knows of no act behind it.'),
  messagesHeld: z.int().describe('Messages from it that wait.'),
  notices: z
    .record(z.string(), z.int())
    .describe('How many were told: mail.sent, mail.pending, webhook.sent, webhook.pending, …'),
})
