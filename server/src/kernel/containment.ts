import { Fault, type FaultContainment } from './faults.ts'
import type { Lane } from './lane.ts'

/**
 * The vocabulary of containment (design §2): who is cut off from what. The same words stand in server/migrations/0007_containment.sql,
 * which enforces them, and in the keyring. There is no word for everything: what is cut off is always listed.
 */
export const CAPABILITIES = [
  'send',
  'send:critical',
  'send:transactional',
  'send:bulk',
  'send:internal',
  'deliver',
  'deliver:critical',
  'deliver:transactional',
  'deliver:bulk',
  'deliver:internal',
  'read',
  'write',
  'sender-change',
  'credential',
  'webhook',
] as const
export type Capability = (typeof CAPABILITIES)[number]

/** The kind of process, which is its database role. */
export const ACTOR_CLASSES = ['api', 'smtp', 'sender', 'worker', 'any'] as const
export type ActorClass = (typeof ACTOR_CLASSES)[number]

export const CONTAINMENT_SCOPES = ['installation', 'workspace', 'member', 'credential'] as const
export type ContainmentScope = (typeof CONTAINMENT_SCOPES)[number]

export const REASON_CODES = ['security_hold', 'policy', 'billing', 'abuse'] as const
export type ReasonCode = (typeof REASON_CODES)[number]

export const CONTAINMENT_HOURS_DEFAULT = 24
export const CONTAINMENT_DAYS_MAX = 30

export const CONTAINMENT_STATES = ['active', 'lift_requested', 'lifted', 'expired'] as const
export type ContainmentState = (typeof CONTAINMENT_STATES)[number]
export const CONTAINMENT_ACTS = ['request_lift', 'lift', 'expire'] as const
export type ContainmentAct = (typeof CONTAINMENT_ACTS)[number]

/** The total state machine; null: refused. A requested lift is still in force, and two people end one: the table has no shorter way. */
export const CONTAINMENT_MOVES: Readonly<
  Record<ContainmentState, Readonly<Record<ContainmentAct, ContainmentState | null>>>
> = {
  active: { request_lift: 'lift_requested', lift: null, expire: 'expired' },
  lift_requested: { request_lift: null, lift: 'lifted', expire: 'expired' },
  lifted: { request_lift: null, lift: null, expire: null },
  expired: { request_lift: null, lift: null, expire: null },
}

/** What the blocked party is told: UUID of the containment, `until` in ISO 8601, UTC. */
export type ContainmentNotice = FaultContainment

/** A containment in force, as `engine.active_containments()` answers it. */
export interface ActiveContainment {
  readonly id: string
  readonly scope: ContainmentScope
  readonly workspaceId: string | null
  /** The one actor that it binds (`api_key:…`, `smtp_credential:…`, `member:…`), or null. */
  readonly subject: string | null
  readonly actorClass: ActorClass
  readonly capabilities: readonly string[]
  readonly reasonCode: string
  readonly reason: string
  readonly incident: string | null
  readonly untilMs: number
}

/** Who wants to do what. Any of the capabilities being contained stops it. */
export interface ContainmentQuestion {
  /** Empty where the act belongs to no workspace. */
  readonly workspaceId: string
  readonly actor: string | null
  readonly capabilities: readonly Capability[]
}

/** What sending in a lane needs: the whole capability covers each lane. */
export function sendCapabilities(lane: Lane): readonly Capability[] {
  return ['send', `send:${lane}`]
}

/** What delivering in a lane needs. */
export function deliverCapabilities(lane: Lane): readonly Capability[] {
  return ['deliver', `deliver:${lane}`]
}

/**
 * The containment that stops this, the narrowest first, as engine.blocking chooses it. `actorClass` 'none' is bound by containments for any
 * class only.
 */
export function findBlocking(
  active: readonly ActiveContainment[],
  actorClass: Exclude<ActorClass, 'any'> | 'none',
  question: ContainmentQuestion,
  nowMs: number,
): ActiveContainment | undefined {
  let found: ActiveContainment | undefined
  for (const containment of active) {
    if (!binds(containment, actorClass, question, nowMs)) continue
    if (found === undefined || width(containment) < width(found)) found = containment
  }
  return found
}

function binds(
  containment: ActiveContainment,
  actorClass: string,
  question: ContainmentQuestion,
  nowMs: number,
): boolean {
  return (
    containment.untilMs > nowMs &&
    (containment.workspaceId === null || containment.workspaceId === question.workspaceId) &&
    (containment.subject === null || containment.subject === question.actor) &&
    (containment.actorClass === 'any' || containment.actorClass === actorClass) &&
    question.capabilities.some((capability) => containment.capabilities.includes(capability))
  )
}

function width(containment: ActiveContainment): number {
  if (containment.subject !== null) return 0
  return containment.workspaceId === null ? 2 : 1
}

/** The notice of a containment that stops one of these capabilities. */
export function noticeOf(containment: ActiveContainment, capabilities: readonly string[]): ContainmentNotice {
  return {
    containment: containment.id,
    capability:
      capabilities.find((capability) => containment.capabilities.includes(capability)) ??
      capabilities[0] ??
      '',
    reasonCode: containment.reasonCode,
    reason: containment.reason,
    incident: containment.incident,
    until: new Date(containment.untilMs).toISOString(),
  }
}

/** The refusal that the blocked party sees; surfaces add how to appeal. */
export function containedFault(notice: ContainmentNotice, cause?: unknown): Fault {
  const incident = notice.incident === null ? '' : ` Incident: ${notice.incident}.`
  return new Fault('contained', {
    detail: `Contained (${notice.capability}) until ${notice.until}: ${notice.reason}${/[.!?]$/.test(notice.reason) ? '' : '.'}${incident}`,
    containment: notice,
    cause,
  })
}

/** The notice in DETAIL of SQLSTATE BH423; null where the text is not one. */
export function parseNotice(text: string): ContainmentNotice | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const field = (name: string): string | null => {
    const found: unknown = Reflect.get(value, name)
    return typeof found === 'string' ? found : null
  }
  const containment = field('containment')
  const capability = field('capability')
  const reasonCode = field('reasonCode')
  const reason = field('reason')
  const until = field('until')
  if (containment === null || capability === null || reasonCode === null || reason === null || until === null)
    return null
  return { containment, capability, reasonCode, reason, incident: field('incident'), until }
}
