import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'
import { Domain } from '../domains/index.ts'

export const SystemMailState = z.object({
  ready: z.boolean().describe('Whether letters can be sent now.'),
  from: z.string().nullable().describe('BULKHEAD_SYSTEM_FROM.'),
  domain: Domain.nullable().describe('The domain of that address, with the DNS records to publish.'),
  waiting: z.int().describe('Letters that wait to be delivered.'),
  oldestDue: Instant.nullable().describe('Since when the oldest of them is due.'),
  problems: z.array(z.string()).describe('What is missing, and what to do.'),
})
