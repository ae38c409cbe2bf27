import { z } from 'zod'
import { Fill, TemplateUse } from '../templates/index.ts'
import { Finish } from './finishing.ts'
import { BYPASSES, RECIPIENTS_MAX } from './message.ts'
import { Tags } from './tag.ts'

const TEXT_CHARS_MAX = 10 * 1024 * 1024
const METADATA_ENTRIES_MAX = 100
const METADATA_CHARS_MAX = 100_000

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

const Attachment = z
  .strictObject({
    filename: z.string().min(1).max(255),
    content: z.string().optional().describe('Base64.'),
    url: z
      .string()
      .max(2_048)
      .optional()
      .describe(
        'In the place of content: where it is fetched before the message is accepted, over https, from a public address, without redirects, within 10 seconds. At most 10 for a message, 30 MiB together; not in batches.',
      ),
    contentType: z.string().max(255).optional().describe('Guessed from the file name where absent.'),
    contentId: z.string().max(255).optional().describe('For inline images: <img src="cid:…">.'),
    inline: z.boolean().optional(),
  })
  .refine(({ content, url }) => (content === undefined) !== (url === undefined), {
    error: 'is given neither or both of content and url; give one',
  })

const Alternative = z.strictObject({
  contentType: z
    .string()
    .max(200)
    .regex(/^text\/(?!plain\b|html\b)[a-z0-9][a-z0-9.+-]*(?:; ?[a-z]+=[\w-]+)*$/i, {
      error:
        'must be a type of text such as text/calendar; method=REQUEST, and neither text/plain nor text/html',
    }),
  content: z.string().min(1).max(TEXT_CHARS_MAX),
})

const Instant = z.iso.datetime({ offset: true, error: 'must be a time such as 2026-01-31T09:00:00Z' })

/** Bounded in its entries too: they are shown in lists and travel with every event. */
export const Metadata = z
  .record(z.string().max(256), z.union([z.string().max(10_000), z.number(), z.boolean()]))
  .refine((entries) => Object.keys(entries).length <= METADATA_ENTRIES_MAX, {
    error: `holds more than ${METADATA_ENTRIES_MAX} entries`,
  })
  .refine((entries) => JSON.stringify(entries).length <= METADATA_CHARS_MAX, {
    error: `holds more than ${METADATA_CHARS_MAX} characters`,
  })

export const SendRequest = z
  .strictObject({
    from: AddressInput.optional().describe(
      'An address of a verified domain of the workspace. Needed unless the template says whom its mail is from.',
    ),
    to: Addresses,
    cc: Addresses.optional(),
    bcc: Addresses.optional(),
    replyTo: Addresses.optional(),
    shown: z
      .strictObject({
        to: z.array(AddressInput).max(RECIPIENTS_MAX),
        cc: z.array(AddressInput).max(RECIPIENTS_MAX),
      })
      .optional()
      .describe(
        'What To and Cc show in the place of the recipients of this message: all who get the same mail, each in a message of their own.',
      ),
    subject: z
      .string()
      .max(2_000)
      .optional()
      .describe('Needed unless template is given. Beside template it counts where the template says none.'),
    html: z.string().max(TEXT_CHARS_MAX).optional(),
    text: z.string().max(TEXT_CHARS_MAX).optional(),
    template: TemplateUse.optional().describe('In the place of subject, html and text.'),
    fill: Fill.optional().describe(
      'subject, html and text are written in a language of templates: they are filled with this data before anything is accepted.',
    ),
    alternatives: z
      .array(Alternative)
      .max(5)
      .optional()
      .describe('The same once more in other forms of text; mail programs show the one they know best.'),
    finish: Finish.optional().describe('What is done to html and text after they were filled.'),
    messageId: z
      .string()
      .regex(
        /^<[!-;=?A-~]{1,200}@[!-;=?A-~]{1,250}>$/,
        'must look like <left@right>, in ASCII without blanks',
      )
      .optional()
      .describe('Message-ID of the mail; default: one of ours.'),
    headers: z.record(z.string().max(100), z.string().max(8_000)).optional().describe('Extra header fields.'),
    attachments: z.array(Attachment).max(100).optional(),
    tags: Tags.optional(),
    topic: z
      .string()
      .max(100)
      .optional()
      .describe(
        'What it is about: top_…, the number of a topic, or "default" for the default one. Who has left the topic gets nothing; who unsubscribes leaves that topic.',
      ),
    batch: z
      .string()
      .max(100)
      .optional()
      .describe('bat_…: a batch, by which it is paused or cancelled together with others.'),
    subaccount: z
      .string()
      .min(1)
      .max(255)
      .optional()
      .describe('The name of a subaccount, by which it is counted, limited and paused.'),
    bypass: z
      .array(z.enum(BYPASSES))
      .max(BYPASSES.length)
      .optional()
      .describe(
        'Suppressions for these reasons do not stop this message. An address that is suppressed for another reason as well stays so.',
      ),
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
    tracking: z
      .strictObject({ opens: z.boolean().optional(), clicks: z.boolean().optional() })
      .optional()
      .describe(
        'Whether opens and clicks of this message are tracked; default: what the workspace is set to.',
      ),
    unsubscribe: z
      .boolean()
      .optional()
      .describe(
        'Adds List-Unsubscribe with one click (RFC 8058), unless headers has one. Mail of the lane bulk always gets it.',
      ),
    requireTls: z
      .boolean()
      .optional()
      .describe(
        'Deliver only over TLS to servers that promise to keep it so (REQUIRETLS, RFC 8689); else bounce.',
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
  .superRefine(({ from, template, fill, subject, html, text }, context) => {
    const refuse = (field: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [field], message })
    if (template === undefined) {
      if (from === undefined) refuse('from', 'is missing')
      if (subject === undefined) refuse('subject', 'is missing')
      return
    }
    for (const [field, value] of Object.entries({ html, text, fill })) {
      if (value !== undefined) refuse(field, 'stands beside template, which says it; leave one of them out')
    }
  })
  .meta({ id: 'SendRequest' })
export type SendRequest = z.output<typeof SendRequest>
