import { randomBytes } from 'node:crypto'
import { canonicalJson, commitmentOf, leafHash, logEntry, parseRecord } from '@bulkhead/tlog'
import type { Json } from '@bulkhead/tlog'

/** The stream of the installation itself, which belongs to no workspace. */
export const INSTALLATION_STREAM = '00000000-0000-0000-0000-000000000000'

/** A row that waits in audit_outbox. */
export interface WaitingAct {
  readonly id: string
  readonly at: Date
  readonly workspace_id: string | null
  readonly process: string
  readonly actor: string
  readonly action: string
  readonly target: string | null
  readonly detail: Json
}

/** One unwrap as the keyring recorded it. */
export interface Unwrap {
  readonly instance: string
  readonly number: number
  readonly chain: Buffer
  readonly at: Date
  readonly process: string
  readonly workspace_id: string | null
  readonly purpose: string
  readonly key_count: number
  readonly reason: string
}

/** What the keyring refused and somebody should look at. */
export interface Refusal {
  readonly id: number
  readonly at: Date
  /** The keyring process. */
  readonly instance: string
  /** The kind of process that asked. */
  readonly process: string
  readonly workspace_id: string | null
  readonly kind: string
  readonly detail: string
}

/** A record with what commits to it. */
export interface SealedRecord {
  /** Canonical JSON. */
  readonly record: string
  readonly salt: Buffer
  readonly commitment: Buffer
}

/** The record of an act. `number` counts the records of its workspace from 1 without gaps. */
export function recordOfAct(act: WaitingAct, number: number): string {
  return canonicalJson({
    v: 1,
    id: act.id,
    number,
    at: act.at.toISOString(),
    workspace: act.workspace_id,
    process: act.process.replace(/^bulkhead_/, ''),
    actor: act.actor,
    action: act.action,
    target: act.target,
    detail: act.detail,
  })
}

/** The record of an unwrap: what the keyring chained, word for word, so that a verifier can follow the chain. */
export function recordOfUnwrap(unwrap: Unwrap, id: string, number: number): string {
  return canonicalJson({
    v: 1,
    id,
    number,
    at: unwrap.at.toISOString(),
    workspace: unwrap.workspace_id,
    process: 'keyring',
    actor: `process:${unwrap.process}`,
    action: 'keyring.unwrapped',
    target: unwrap.purpose,
    detail: {
      instance: unwrap.instance,
      number: unwrap.number,
      chain: unwrap.chain.toString('base64'),
      process: unwrap.process,
      keyCount: unwrap.key_count,
      reason: unwrap.reason,
    },
  })
}

/** The record of a refusal, for the workspace that was asked for where there is one. */
export function recordOfRefusal(refusal: Refusal, id: string, number: number): string {
  return canonicalJson({
    v: 1,
    id,
    number,
    at: refusal.at.toISOString(),
    workspace: refusal.workspace_id,
    process: 'keyring',
    actor: `process:${refusal.process}`,
    action: 'keyring.refused',
    target: refusal.kind,
    detail: {
      instance: refusal.instance,
      refusal: refusal.id,
      process: refusal.process,
      reason: refusal.detail,
    },
  })
}

/** Commits to a record under a fresh salt. */
export function sealRecord(record: string): SealedRecord {
  const salt = randomBytes(32)
  return { record, salt, commitment: commitmentOf(salt, record) }
}

/** The leaf of the tree that stands for a commitment. */
export function leafOf(commitment: Buffer): Buffer {
  return leafHash(logEntry(commitment))
}

/** A record of something taken away, as the engine repeats it. */
export interface TakingAct {
  readonly at: string
  readonly workspaceId: string | null
  readonly actor: string
  readonly action: string
  readonly target: string | null
  readonly detail: Json
}

/** Acts that take something from people, or may; engine.replay_act_of_person judges each. A let-in says that a suspension is over. */
const TAKING_FROM_PEOPLE: ReadonlySet<string> = new Set([
  'member.removed',
  'member.left',
  'member.changed',
  'permission_set.updated',
  'policy.changed',
  'policy.confirmed',
  'sso.connected',
  'sso.disconnected',
  'person.suspended',
  'person.let_in',
  'person.deleted',
  'person.password_changed',
  'person.password_reset',
  'person.reset_demanded',
  'person.email_changed',
  'person.recovered',
  'second_factor.added',
  'second_factor.removed',
  'second_factor.recovery_code_used',
  'second_factor.recovery_codes_made',
])

/**
 * The act in a record where it only takes away: as in engine.audit_must_flow, and the destruction of keys; what is taken from people; a lift
 * too, because it says that a containment is over. Null for others.
 */
export function takingActOf(text: string): TakingAct | null {
  const { at, workspace, actor, action, target, detail } = parseRecord(text)
  const takes =
    action === 'containment.contained' ||
    action === 'containment.lifted' ||
    action === 'epoch.bumped' ||
    action.endsWith('.revoked') ||
    action.includes('shred') ||
    TAKING_FROM_PEOPLE.has(action)
  return takes ? { at, workspaceId: workspace, actor, action, target, detail } : null
}
