import { z } from 'zod'
import { invalidField } from '../../kernel/faults.ts'
import { Metadata } from './send-request.ts'
import { BYPASSES, type SuppressedBy } from './message.ts'
import { Tag, TAGS_MAX } from './tag.ts'

/** Header fields by which a message handed in whole says what the API says in JSON. They never leave with the message. */
export const CONTROL_PREFIX = 'x-bulkhead-'

export interface Controls {
  readonly lane?: 'critical' | 'transactional' | 'bulk'
  readonly sensitive?: boolean
  readonly tags?: readonly string[]
  readonly metadata?: Readonly<Record<string, string | number | boolean>>
  readonly sendAt?: string
  readonly expiresAt?: string
  readonly idempotencyKey?: string
  readonly topic?: string
  readonly batch?: string
  readonly subaccount?: string
  readonly bypass?: readonly SuppressedBy[]
  readonly trackOpens?: boolean
  readonly trackClicks?: boolean
  readonly unsubscribe?: boolean
}

const Instant = z.iso.datetime({ offset: true, error: 'must be a time such as 2026-01-31T09:00:00Z' })
const MetadataText = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown
    } catch {
      context.addIssue('must be a JSON object')
      return z.NEVER
    }
  })
  .pipe(Metadata)

const OnOff = z.enum(['on', 'off'], { error: 'must be on or off' }).transform((text) => text === 'on')

const FIELDS = {
  lane: z.enum(['critical', 'transactional', 'bulk'], { error: 'must be critical, transactional or bulk' }),
  sensitive: z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .transform((text) => text === 'true'),
  tags: z
    .string()
    .transform((text) => text.split(/[,\s]+/).filter((tag) => tag !== ''))
    .pipe(z.array(Tag).max(TAGS_MAX)),
  metadata: MetadataText,
  name: z.string().min(1).max(255),
  bypass: z
    .string()
    .transform((text) => text.split(/[,\s]+/).filter((reason) => reason !== ''))
    .pipe(z.array(z.enum(BYPASSES)).max(BYPASSES.length)),
  sendAt: Instant,
  expiresAt: Instant,
  idempotencyKey: z.string().regex(/^[\x20-\x7e]{1,256}$/, 'must be 1 to 256 printable ASCII characters'),
} as const

const HEADERS = [
  ['X-Bulkhead-Lane', 'lane', FIELDS.lane],
  ['X-Bulkhead-Sensitive', 'sensitive', FIELDS.sensitive],
  ['X-Bulkhead-Tags', 'tags', FIELDS.tags],
  ['X-Bulkhead-Metadata', 'metadata', FIELDS.metadata],
  ['X-Bulkhead-Send-At', 'sendAt', FIELDS.sendAt],
  ['X-Bulkhead-Expires-At', 'expiresAt', FIELDS.expiresAt],
  ['X-Bulkhead-Idempotency-Key', 'idempotencyKey', FIELDS.idempotencyKey],
  ['X-Bulkhead-Topic', 'topic', FIELDS.name],
  ['X-Bulkhead-Batch', 'batch', FIELDS.name],
  ['X-Bulkhead-Subaccount', 'subaccount', FIELDS.name],
  ['X-Bulkhead-Bypass', 'bypass', FIELDS.bypass],
  ['X-Bulkhead-Track-Opens', 'trackOpens', OnOff],
  ['X-Bulkhead-Track-Clicks', 'trackClicks', OnOff],
  ['X-Bulkhead-Unsubscribe', 'unsubscribe', OnOff],
] as const satisfies readonly (readonly [string, keyof Controls, z.ZodType])[]

const NAMES: ReadonlySet<string> = new Set(HEADERS.map(([name]) => name.toLowerCase()))

/** Refuses control headers that nobody reads: a misspelt `X-Bulkhead-Sensitiv`, and the second of two that may differ. */
export function checkControlNames(names: Iterable<string>): void {
  const seen = new Set<string>()
  for (const name of names) {
    if (!name.startsWith(CONTROL_PREFIX)) continue
    if (!NAMES.has(name)) throw invalidField(name, `is not one of ${[...NAMES].join(', ')}`)
    if (seen.has(name)) throw invalidField(name, 'is there more than once')
    seen.add(name)
  }
}

/** Reads the control headers; a wrong one is refused rather than ignored, since ignoring `sensitive` would store a secret. */
export function readControls(header: (name: string) => string | undefined): Controls {
  const parsed: Record<string, unknown> = {}
  for (const [name, key, schema] of HEADERS) {
    const value = header(name.toLowerCase())
    if (value === undefined) continue
    const result = schema.safeParse(value)
    if (!result.success) throw invalidField(name, result.error.issues[0]?.message ?? 'is not valid')
    parsed[key] = result.data
  }
  return parsed
}
