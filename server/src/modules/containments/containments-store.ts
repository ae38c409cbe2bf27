import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

/** A containment with its lift, as `engine.read_containments` answers it. */
export interface ContainmentRow {
  readonly id: string
  readonly workspace_id: string | null
  readonly scope: string
  readonly subject: string | null
  readonly actor_class: string
  readonly capabilities: string[]
  readonly reason_code: string
  readonly reason: string
  readonly incident: string | null
  readonly evidence: string | null
  readonly until: Date
  readonly origin: string
  readonly made_by: string
  readonly made_at: Date
  readonly state: string
  readonly ended_at: Date | null
  readonly in_force: boolean
  readonly approvals: readonly { step: string; actor: string; reason: string; at: string }[]
}

export interface NewContainment {
  readonly scope: string
  readonly workspaceId: string | null
  readonly subject: string | null
  readonly actorClass: string
  readonly capabilities: readonly string[]
  readonly reasonCode: string
  readonly reason: string
  readonly incident: string | null
  readonly evidence: string | null
  readonly until: Date
}

/** Cuts off; when it answers `unfinished` 0 and its transaction is committed, nothing that it forbids is in flight. */
export async function insertContainment(
  db: TenantDatabase,
  wanted: NewContainment,
  actor: string,
): Promise<{ id: string; ended: number; unfinished: number }> {
  const [row] = await db.query<{ id: string; ended: number; unfinished: number }>(
    `select id, ended, unfinished from engine.contain($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      wanted.scope,
      wanted.workspaceId,
      wanted.subject,
      wanted.actorClass,
      wanted.capabilities,
      wanted.reasonCode,
      wanted.reason,
      wanted.incident,
      wanted.evidence,
      wanted.until,
      actor,
    ],
  )
  if (row === undefined) throw new Error('engine.contain answered nothing')
  return row
}

/** In a transaction after the commit of a containment that answered `unfinished` > 0: ends what was open. */
export async function finishContainment(
  db: TenantDatabase,
  id: string,
): Promise<{ ended: number; unfinished: number }> {
  const [row] = await db.query<{ ended: number; unfinished: number }>(
    'select ended, unfinished from engine.drain_guards($1)',
    [id],
  )
  if (row === undefined) throw new Error('engine.drain_guards answered nothing')
  return row
}

/** Newest first. `workspaceId` null: of the whole installation, which staff only may ask. */
export function selectContainments(
  db: TenantDatabase,
  filter: {
    readonly workspaceId: string | null
    readonly id: string | null
    readonly before: string | null
    readonly rowsMax: number
  },
): Promise<ContainmentRow[]> {
  return db.query<ContainmentRow>(
    `select (r.containment).*, r.in_force, r.approvals
     from engine.read_containments($1, $2, $3, $4) r`,
    [filter.workspaceId, filter.id, filter.before, filter.rowsMax],
  )
}

/** One of two people. `vouched`: a workspace's own provider says who it is. */
export interface Lifter {
  readonly actor: string
  readonly vouched: boolean
}

export async function requestLiftOf(
  db: TenantDatabase,
  id: string,
  lifter: Lifter,
  reason: string,
): Promise<void> {
  await tellVouched(db, lifter)
  await db.query('select engine.request_lift($1, $2, $3)', [id, lifter.actor, reason])
}

export async function liftOf(db: TenantDatabase, id: string, lifter: Lifter, reason: string): Promise<void> {
  await tellVouched(db, lifter)
  await db.query('select engine.lift($1, $2, $3)', [id, lifter.actor, reason])
}

/** For this transaction: `engine.liftable` looks at when the provider was connected. */
async function tellVouched(db: TenantDatabase, { vouched }: Lifter): Promise<void> {
  if (vouched) await db.query(`select set_config('bulkhead.vouched_by', 'sso', true)`)
}

/** One count of a preview. `name` is a lane, an action or an event type, by kind. */
export interface Fact {
  readonly kind: 'accepted' | 'waiting' | 'delivered' | 'webhook' | 'act' | 'credential'
  readonly name: string
  readonly actor: string | null
  readonly actor_class: 'api' | 'smtp' | 'sender' | 'worker'
  readonly amount: number
}

export function selectFacts(
  db: TenantDatabase,
  workspaceId: string | null,
  minutes: number,
): Promise<Fact[]> {
  return db.query<Fact>(
    'select kind, name, actor, actor_class, amount from engine.containment_facts($1, $2)',
    [workspaceId, minutes],
  )
}
