import { z } from 'zod'
import {
  ACTOR_CLASSES,
  CAPABILITIES,
  CONTAINMENT_SCOPES,
  CONTAINMENT_STATES,
  REASON_CODES,
} from '../../kernel/containment.ts'
import { LANES } from '../../kernel/lane.ts'
import { Instant } from '../../platform/http/listing.ts'

export const Member = z.object({
  id: z.string(),
  label: z.string(),
  prefix: z.string().describe('The public start of the key.'),
  createdAt: Instant,
  revokedAt: Instant.nullable(),
  lastUsedAt: Instant.nullable().describe('Kept to within half a minute.'),
})

export const MemberWithKey = Member.extend({
  key: z.string().describe('The key itself. It is shown this once and cannot be shown again.'),
})

const count = z.number().int()

export const StaffWorkspace = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: Instant,
  apiKeys: count.describe('Not revoked.'),
  smtpCredentials: count.describe('Not revoked.'),
  domains: z.object({ verified: count, other: count }),
  webhooks: z.object({ enabled: count, disabled: count }),
  waiting: count.describe('Recipients that wait, counted up to 10,000.'),
  oldestDue: Instant.nullable(),
  contained: count.describe('Containments in force.'),
})

export const QueueLine = z.object({
  workspaceId: z.string(),
  lane: z.enum(LANES),
  waiting: count,
  inFlight: count,
  held: count,
  oldestDue: Instant.nullable(),
})

export const ProcessLine = z.object({
  process: z.string(),
  host: z.string(),
  pid: count,
  ready: z.boolean(),
  heartbeatAgeMs: count,
  uptimeSeconds: count,
})

export const StaffContainment = z.object({
  id: z.string(),
  workspaceId: z.string().nullable().describe('Null for the whole installation.'),
  scope: z.enum(CONTAINMENT_SCOPES),
  subject: z.string().nullable(),
  actorClass: z.enum(ACTOR_CLASSES),
  capabilities: z.array(z.string()),
  reasonCode: z.enum(REASON_CODES),
  reason: z.string(),
  incident: z.string().nullable(),
  evidence: z.string().nullable(),
  until: Instant,
  madeBy: z.string(),
  madeAt: Instant,
  state: z.enum(CONTAINMENT_STATES),
  endedAt: Instant.nullable(),
  liftRequestedBy: z.string().nullable(),
})

export const Reach = {
  scope: z.enum(['installation', 'workspace', 'credential']),
  workspaceId: z.string().optional().describe('Needed unless the scope is installation.'),
  credentialId: z.string().optional().describe('key_… or smtp_…, for the scope credential.'),
}

export const ContainmentInput = {
  ...Reach,
  actorClass: z.enum(ACTOR_CLASSES).default('any').describe('The kind of process that is cut off.'),
  capabilities: z
    .array(z.enum(CAPABILITIES))
    .min(1)
    .max(CAPABILITIES.length)
    .describe('What is cut off; `deliver:bulk` holds a lane.'),
  reasonCode: z.enum(REASON_CODES).default('security_hold'),
  reason: z.string().trim().min(1).max(2000).describe('What the blocked party is told.'),
  incident: z.string().trim().min(1).max(200).optional(),
  evidence: z.string().trim().min(1).max(2000).optional(),
  until: z.iso.datetime({ offset: true }).optional().describe('Default: in 24 hours; at most 30 days.'),
}

export const Why = z.string().trim().min(1).max(500).describe('Why, for the audit log: no personal data.')
