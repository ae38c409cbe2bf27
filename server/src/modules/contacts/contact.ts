import { z } from 'zod'
import { normaliseForIndex, parseAddress } from '../../kernel/email-address.ts'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { decodeId } from '../../kernel/ids.ts'
import { Instant } from '../../platform/http/listing.ts'
import type { SealedPlace } from '../../platform/sealing/index.ts'

const ATTRIBUTES_MAX = 100
const ATTRIBUTE_CHARS_MAX = 1_000
const ATTRIBUTES_BYTES_MAX = 16_384

/** A name that every dialect of templates can say. */
const AttributeName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'must be a letter or _ and up to 63 letters, digits or _')

const AttributeValue = z.union([z.string().max(ATTRIBUTE_CHARS_MAX), z.number(), z.boolean()], {
  error: `must be text of at most ${ATTRIBUTE_CHARS_MAX} characters, a number, true or false`,
})

export const Attributes = z.record(AttributeName, AttributeValue)
export type Attributes = z.output<typeof Attributes>

/** What is null is taken away, what is left out stays. */
export const AttributeChange = z.record(AttributeName, AttributeValue.nullable())
export type AttributeChange = z.output<typeof AttributeChange>

export const PersonName = z.string().trim().max(200)

export const Email = z.string().max(1016)

export const ContactRef = z.string().max(1016).describe('The id, con_…, or the address.')

export const Contact = z
  .object({
    id: z.string(),
    email: z.string(),
    firstName: z.string().nullable(),
    lastName: z.string().nullable(),
    attributes: Attributes,
    unsubscribed: z
      .boolean()
      .describe('No broadcast goes there: the person left by a link or a mail, or the workspace said so.'),
    unsubscribedAt: Instant.nullable(),
    createdAt: Instant,
    updatedAt: Instant,
  })
  .meta({ id: 'Contact' })
export type ContactView = z.output<typeof Contact>

/** What of a contact is sealed. */
export interface ContactFacts {
  readonly email: string
  readonly firstName: string | null
  readonly lastName: string | null
  readonly attributes: Attributes
}

export interface ContactChange {
  readonly email?: string | undefined
  readonly firstName?: string | null | undefined
  readonly lastName?: string | null | undefined
  readonly attributes?: AttributeChange | undefined
}

/** Where the facts of a contact are sealed. */
export function contactPlace(workspaceId: string, contactId: string): SealedPlace {
  return { workspaceId, table: 'contact', column: 'sealed', rowId: contactId }
}

/** How a request names a contact. */
export type Named = { readonly id: string } | { readonly indexed: string }

/** Undefined on what is neither an id nor an address. */
export function namedContact(text: string): Named | undefined {
  const id = decodeId('contact', text)
  if (id !== null) return { id }
  const parsed = text.includes('@') ? parseAddress(text) : undefined
  return parsed?.ok === true ? { indexed: normaliseForIndex(parsed.address.email) } : undefined
}

/** The one answer for what does not exist, is no name of a contact, or belongs to another workspace. */
export function noContact(): Fault {
  return new Fault('not_found', { detail: 'There is no such contact in this workspace.' })
}

/** A plain address in the field `email`, and the form of it that is indexed. */
export function contactAddress(text: string): { readonly email: string; readonly indexed: string } {
  const parsed = parseAddress(text)
  if (!parsed.ok) throw invalidField('email', parsed.problem, 'Write an address such as ann@example.com.')
  return { email: parsed.address.email, indexed: normaliseForIndex(parsed.address.email) }
}

/** The facts after a change. */
export function changed(facts: ContactFacts, change: ContactChange): ContactFacts {
  const attributes = Object.fromEntries(
    Object.entries({ ...facts.attributes, ...change.attributes }).filter(
      (entry): entry is [string, string | number | boolean] => entry[1] !== null,
    ),
  )
  requireBounded(attributes)
  return {
    email: change.email ?? facts.email,
    firstName: nameOf(change.firstName, facts.firstName),
    lastName: nameOf(change.lastName, facts.lastName),
    attributes,
  }
}

function nameOf(wanted: string | null | undefined, there: string | null): string | null {
  if (wanted === undefined) return there
  return wanted === '' ? null : wanted
}

function requireBounded(attributes: Attributes): void {
  if (Object.keys(attributes).length > ATTRIBUTES_MAX)
    throw invalidField('attributes', `a contact has at most ${ATTRIBUTES_MAX}`, 'Take some away with null.')
  if (Buffer.byteLength(JSON.stringify(attributes)) > ATTRIBUTES_BYTES_MAX)
    throw invalidField('attributes', `are more than ${ATTRIBUTES_BYTES_MAX} bytes together`)
}
