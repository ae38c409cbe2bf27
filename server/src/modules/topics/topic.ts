import { z } from 'zod'
import { parseAddress, normaliseForIndex } from '../../kernel/email-address.ts'
import { invalidField } from '../../kernel/faults.ts'
import { Instant } from '../../platform/http/listing.ts'

export const TOPICS_MAX = 500
/** Addresses in one request. */
export const LEAVERS_AT_ONCE = 1_000

export const TopicName = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}*$/u, 'has a line break or control character')
export const TopicDescription = z
  .string()
  .trim()
  .max(500)
  .regex(/^\P{Cc}*$/u, 'has a line break or control character')
export const TopicRef = z.string().max(100).describe('Its id, top_…, or its number.')

export const Topic = z
  .object({
    id: z.string(),
    number: z.int().describe('From 1 within the workspace, never used twice.'),
    name: z.string(),
    description: z.string(),
    isDefault: z.boolean().describe('What the topic "default" of a message means.'),
    left: z.int().describe('How many addresses have left it, counted up to 100,000.'),
    createdAt: Instant,
    updatedAt: Instant,
  })
  .meta({ id: 'Topic' })

export const TopicOfAddress = z
  .object({
    id: z.string(),
    number: z.int(),
    name: z.string(),
    description: z.string(),
    isDefault: z.boolean(),
    leftAt: Instant.nullable().describe('Since when the address gets nothing of it; null: it does.'),
  })
  .meta({ id: 'TopicOfAddress' })

export const LEAVING_WAYS = ['added', 'one-click', 'page', 'mail'] as const

export const TopicSuppression = z
  .object({
    email: z.string().nullable().describe('Null where its key was destroyed.'),
    topicId: z.string(),
    topicNumber: z.int(),
    topicName: z.string(),
    via: z.enum(LEAVING_WAYS).describe('added: somebody of the workspace wrote it down.'),
    messageId: z.string().nullable().describe('The message whose link was followed.'),
    createdAt: Instant,
  })
  .meta({ id: 'TopicSuppression' })

/** An address as it is kept, and as it is indexed. */
export function leaverAddress(field: string, text: string): { email: string; indexed: string } {
  const parsed = parseAddress(text.trim())
  if (!parsed.ok) throw invalidField(field, parsed.problem)
  return { email: parsed.address.email, indexed: normaliseForIndex(parsed.address.email) }
}
