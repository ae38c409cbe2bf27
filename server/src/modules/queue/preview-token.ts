import { createHash } from 'node:crypto'
import { z } from 'zod'
import { invalidField } from '../../kernel/faults.ts'
import { StoredFilter } from './queue-filter.ts'

export const ACT_KINDS = ['pause', 'hold', 'release', 'requeue', 'expire'] as const
export type ActKind = (typeof ACT_KINDS)[number]

/** How long what was shown may be acted on, in milliseconds. */
export const TOKEN_LIFETIME_MS = 10 * 60_000
export const TOKEN_CHARS_MAX = 200_000

const Plan = z.strictObject({
  kind: z.enum(ACT_KINDS),
  origin: z.enum(['workspace', 'operator', 'staff']),
  /** Whose mail; null: of all. */
  workspaceId: z.string().nullable(),
  filter: StoredFilter,
  untilMs: z.number().nullable(),
  graceSeconds: z.int(),
  spreadSeconds: z.int(),
  shown: z.int(),
  isComplete: z.boolean(),
  atMs: z.number(),
})

/** What was previewed, and how much of it there was. */
export type Plan = z.output<typeof Plan>

/**
 * A plan as text that an act gives back, so that it acts on nothing else than was shown. The digest finds mistakes; it keeps nobody from
 * writing a plan of his own, who may as well ask for a preview of it: what he may do is judged anew when he acts.
 */
export function writeToken(plan: Plan): string {
  const text = Buffer.from(JSON.stringify(plan)).toString('base64url')
  return `${text}.${digestOf(text)}`
}

/** Throws `invalid_request` for what no preview has answered. */
export function readToken(token: string): Plan {
  const [text = '', digest] = token.split('.')
  if (digest !== digestOf(text)) throw noToken()
  const parsed = Plan.safeParse(parseJson(Buffer.from(text, 'base64url').toString()))
  if (!parsed.success) throw noToken()
  return parsed.data
}

function digestOf(text: string): string {
  return createHash('sha256').update(`bulkhead queue act\n${text}`).digest('base64url').slice(0, 22)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function noToken() {
  return invalidField(
    'token',
    'is not what a preview answered',
    'Ask for a preview and give its token unchanged.',
  )
}
