import { z } from 'zod'
import { invalidField } from '../../kernel/faults.ts'
import { parseAddress } from '../../kernel/email-address.ts'
import type { ParsedAddress } from '../../kernel/email-address.ts'
import { Instant } from '../../platform/http/listing.ts'

export const Sender = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string().nullable(),
  replyTo: z.string().nullable(),
  createdAt: Instant,
  inertUntil: Instant.nullable().describe(
    'Until when mail from it is held, because it is new in an established workspace; another owner can let it go (changes.approve).',
  ),
})

/** A plain address in a field of a request. Throws `invalid_request` that names the field. */
export function addressIn(field: string, text: string): ParsedAddress {
  const parsed = parseAddress(text)
  if (!parsed.ok) throw invalidField(field, parsed.problem, 'Write an address such as ann@example.com.')
  return parsed.address
}
