import { z } from 'zod'
import {
  ACTOR_CLASSES,
  CAPABILITIES,
  CONTAINMENT_DAYS_MAX,
  CONTAINMENT_HOURS_DEFAULT,
  CONTAINMENT_SCOPES,
  CONTAINMENT_STATES,
  REASON_CODES,
} from '../../kernel/containment.ts'
import { invalidField } from '../../kernel/faults.ts'
import { decodeId, encodeId } from '../../kernel/ids.ts'
import { Instant } from '../../platform/http/listing.ts'

const HOUR_MS = 3_600_000

export const Approval = z.object({
  step: z.enum(['request', 'approval']),
  actor: z.string(),
  reason: z.string(),
  at: Instant,
})

export const Containment = z.object({
  id: z.string(),
  scope: z.enum(CONTAINMENT_SCOPES),
  credential: z
    .string()
    .nullable()
    .describe('The API key, SMTP credential or person that it binds; null: all.'),
  actorClass: z.enum(ACTOR_CLASSES).describe('The kind of process that it binds; any: all.'),
  capabilities: z.array(z.enum(CAPABILITIES)),
  reasonCode: z.enum(REASON_CODES),
  reason: z.string().describe('What the blocked party is told.'),
  incident: z.string().nullable(),
  evidence: z.string().nullable(),
  until: Instant.describe('When it ends by itself.'),
  inForce: z.boolean(),
  state: z.enum(CONTAINMENT_STATES).describe('A requested lift is still in force.'),
  madeBy: z.string(),
  liftableBy: z.enum(['workspace', 'staff']).describe('Who may lift it.'),
  madeAt: Instant,
  endedAt: Instant.nullable(),
  approvals: z.array(Approval).describe('The two people of the lift.'),
})
export type ContainmentView = z.output<typeof Containment>

export const MadeContainment = Containment.extend({
  ended: z.int().describe('Transactions that were ended by force because they did not finish within 300 ms.'),
  unfinished: z
    .int()
    .describe('Transactions of a database superuser that could not be ended; 0 unless something is wrong.'),
})

/** What a workspace can ask to have cut off. */
export const wishInput = {
  capabilities: z
    .array(z.enum(CAPABILITIES))
    .min(1)
    .max(CAPABILITIES.length)
    .describe('What is cut off. `send` and `deliver` cover all lanes; `send:bulk` one.'),
  credential: z
    .string()
    .optional()
    .describe(
      'Bind only this API key (key_…), SMTP credential (smtp_…) or person (per_…). Without it: the workspace.',
    ),
  actorClass: z
    .enum(ACTOR_CLASSES)
    .default('any')
    .describe('Bind only this kind of process: api, smtp, sender, worker. Default any.'),
} as const

export const Reason = z.string().trim().min(1).max(2000)

export const untilInput = {
  hours: z
    .number()
    .min(0.01)
    .max(CONTAINMENT_DAYS_MAX * 24)
    .optional()
    .describe(`For how long, in hours; default ${CONTAINMENT_HOURS_DEFAULT}, at most 30 days.`),
  until: Instant.optional().describe('Until when, instead of hours.'),
} as const

/** The end of a containment. Throws `invalid_request` where it is past, too far, or said twice. */
export function endOf(
  wanted: { readonly hours?: number | undefined; readonly until?: string | undefined },
  nowMs: number,
): Date {
  if (wanted.hours !== undefined && wanted.until !== undefined)
    throw invalidField('until', 'stands beside hours', 'Give one of the two.')
  const end =
    wanted.until === undefined
      ? nowMs + (wanted.hours ?? CONTAINMENT_HOURS_DEFAULT) * HOUR_MS
      : Date.parse(wanted.until)
  // The database measures from the instant of the switch; a second keeps exactly 30 days within it.
  const latest = nowMs + CONTAINMENT_DAYS_MAX * 24 * HOUR_MS - 1_000
  if (end <= nowMs) throw invalidField('until', 'is past', 'Give an instant in the future.')
  if (end > latest + 2_000) throw invalidField('until', 'is more than 30 days ahead', 'Contain anew then.')
  return new Date(Math.min(end, latest))
}

/** `key_…` → `api_key:<uuid>`, `smtp_…` → `smtp_credential:<uuid>`, `per_…` → `member:<uuid>`. Throws `invalid_request` on anything else. */
export function subjectOf(credential: string): string {
  const key = decodeId('apiKey', credential)
  if (key !== null) return `api_key:${key}`
  const smtp = decodeId('smtpCredential', credential)
  if (smtp !== null) return `smtp_credential:${smtp}`
  const person = decodeId('person', credential)
  if (person !== null) return `member:${person}`
  throw invalidField(
    'credential',
    'is not the id of an API key, an SMTP credential or a person',
    'Write key_…, smtp_… or per_….',
  )
}

/** An actor as people see it: `api_key:<uuid>` → `key_…`; what is no credential stays as it is. */
export function shownActor(actor: string): string {
  const at = actor.indexOf(':')
  const uuid = actor.slice(at + 1)
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid)) return actor
  switch (actor.slice(0, at)) {
    case 'api_key':
      return encodeId('apiKey', uuid)
    case 'smtp_credential':
      return encodeId('smtpCredential', uuid)
    case 'member':
      return encodeId('person', uuid)
    default:
      return actor
  }
}
