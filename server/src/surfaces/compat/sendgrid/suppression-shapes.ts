import { z } from 'zod'
import { parseAddress } from '../../../kernel/email-address.ts'
import type { listSuppressions } from '../../../modules/suppressions/index.ts'
import { secondsOf } from './paging.ts'

export type Suppression = NonNullable<(typeof listSuppressions)['types']>['output']['data'][number]

const Whole = (name: string) =>
  z.coerce.number({ error: `${name} must be a number` }).int(`${name} must be a number`)

export const SuppressionQuery = z.object({
  start_time: Whole('start_time').min(0).max(253_402_300_799).optional(),
  end_time: Whole('end_time').min(0).max(253_402_300_799).optional(),
  limit: Whole('limit')
    .min(1, 'limit must be between 1 and 500')
    .max(500, 'limit must be between 1 and 500')
    .default(500),
  offset: Whole('offset')
    .min(0, 'offset must be 0 or more')
    .max(1_000_000, 'offset must be 1000000 or less')
    .default(0),
  email: z.string().max(320).optional(),
})

export const SuppressionRemoval = z.object({
  delete_all: z.boolean({ error: 'delete_all must be a boolean' }).optional(),
  emails: z.array(z.string(), { error: 'emails must be an array' }).max(1_000).optional(),
})

/** Which addresses a filter of the vendor means. */
export interface EmailFilter {
  /** The one address that is meant; null: every one that fits. */
  readonly whole: string | null
  fits(email: string): boolean
}

/** What addresses begin with, where `%` stands for any characters: `sales`, `%market%tree`. Undefined: all are meant. */
export function emailFilterOf(pattern: string | undefined): EmailFilter | undefined {
  if (pattern === undefined || pattern === '') return undefined
  const lower = pattern.toLowerCase()
  const [begin = '', ...parts] = lower.split('%')
  return {
    whole: parts.length === 0 && parseAddress(lower).ok ? lower : null,
    fits(email) {
      const address = email.toLowerCase()
      if (!address.startsWith(begin)) return false
      let from = begin.length
      return parts.every((part) => {
        const at = address.indexOf(part, from)
        from = at + part.length
        return at >= 0
      })
    },
  }
}

export function isoOf(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : new Date(seconds * 1_000).toISOString()
}

/** As the vendor has it: the reply in one line. */
export function replyOf(said: {
  readonly code?: unknown
  readonly enhanced?: unknown
  readonly reply?: unknown
}): string {
  return [said.code, said.enhanced, said.reply]
    .filter((part) => typeof part === 'string' || typeof part === 'number')
    .join(' ')
    .trim()
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

export function presentBounce({ createdAt, email, evidence }: Suppression) {
  const said = evidence ?? {}
  return {
    created: secondsOf(createdAt),
    email,
    reason: replyOf({ ...said, reply: said['reply'] ?? said['reason'] }),
    status: textOf(said['enhanced']),
  }
}

export function presentInvalid(entry: Suppression) {
  const { created, email, reason } = presentBounce(entry)
  return { created, email, reason }
}

export function presentComplaint({ createdAt, email, evidence }: Suppression) {
  return { created: secondsOf(createdAt), email, ip: textOf(evidence?.['ip']) }
}

export function presentUnsubscribe({ createdAt, email }: Suppression) {
  return { created: secondsOf(createdAt), email }
}
