import { z } from 'zod'
import { RECIPIENTS_MAX } from './message.ts'

const TEXT_CHARS_MAX = 10 * 1024 * 1024
const METADATA_ENTRIES_MAX = 100

/** `"Ann <ann@example.com>"`, `"ann@example.com"` or `{email, name}`. */
export const AddressInput = z
  .union(
    [
      z.string().max(1_000),
      z.strictObject({ email: z.string().max(320), name: z.string().max(500).optional() }),
    ],
    {
      error:
        'must be an address such as "Ann <ann@example.com>" or {"email": "ann@example.com", "name": "Ann"}',
    },
  )
  .meta({ id: 'Address', examples: ['Ann <ann@example.com>', { email: 'ann@example.com', name: 'Ann' }] })
export type AddressInput = z.output<typeof AddressInput>

// The number of recipients is judged after parsing, where to, cc and bcc are counted together.
const Addresses = z.union([
  AddressInput,
  z
    .array(AddressInput)
    .min(1)
    .max(RECIPIENTS_MAX * 10),
])

const Attachment = z.strictObject({
  filename: z.string().min(1).max(255),
  content: z.string().describe('Base64.'),
  contentType: z.string().max(255).optional().describe('Guessed from the file name where absent.'),
  contentId: z.string().max(255).optional().describe('For inline images: <img src="cid:…">.'),
  inline: z.boolean().optional(),
})

const Instant = z.iso.datetime({ offset: true, error: 'must be a time such as 2026-01-31T09:00:00Z' })

/** Bounded in its entries too: they are shown in lists and travel with every event. */
export const Metadata = z
  .record(z.string().max(100), z.union([z.string().max(1_000), z.number(), z.boolean()]))
  .refine((entries) => Object.keys(entries).length <= METADATA_ENTRIES_MAX, {
    error: `holds more than ${METADATA_ENTRIES_MAX} entries`,
  })

export const SendRequest = z
  .strictObject({
    from: AddressInput.describe('An address of a verified domain of the workspace.'),
    to: Addresses,
    cc: Addresses.optional(),
    bcc: Addresses.optional(),
    replyTo: Addresses.optional(),
    subject: z.string().max(2_000),
    html: z.string().max(TEXT_CHARS_MAX).optional(),
    text: z.string().max(TEXT_CHARS_MAX).optional(),
    headers: z.record(z.string().max(100), z.string().max(8_000)).optional().describe('Extra header fields.'),
    attachments: z.array(Attachment).max(100).optional(),
    tags: z
      .array(
        z.string().regex(/^[\x21-\x7e]{1,64}$/, 'must be 1 to 64 printable ASCII characters without blanks'),
      )
      .max(10)
      .optional(),
    metadata: Metadata.optional(),
    sendAt: Instant.optional().describe('Not before this time; at most 30 days ahead.'),
    expiresAt: Instant.optional().describe('Give up at this time.'),
    lane: z.enum(['critical', 'transactional', 'bulk']).optional().describe('Default transactional.'),
    sensitive: z
      .boolean()
      .optional()
      .describe(
        'Password resets, codes, invitations: one recipient and no copies, over after four hours, content readable by nobody and erased once settled.',
      ),
    context: z
      .strictObject({
        event: z.string().max(100).optional(),
        actorIp: z.union([z.ipv4(), z.ipv6()]).optional(),
        accountRef: z.string().max(200).optional(),
      })
      .optional()
      .describe('What caused this message; lets resets of many accounts from one address be seen.'),
  })
  .meta({ id: 'SendRequest' })
export type SendRequest = z.output<typeof SendRequest>
