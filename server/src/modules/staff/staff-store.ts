import type { Queryable } from '../../platform/postgres/index.ts'
import type { bumpEpoch } from '../../security/epochs/index.ts'

export interface MemberRow {
  readonly id: string
  readonly label: string
  readonly key_prefix: string
  readonly created_at: Date
  readonly revoked_at: Date | null
  readonly last_used_at: Date | null
}

export interface WorkspaceRow {
  readonly id: string
  readonly name: string
  readonly created_at: Date
  readonly api_keys: string
  readonly smtp_credentials: string
  readonly domains_verified: string
  readonly domains_other: string
  readonly webhooks_enabled: string
  readonly webhooks_disabled: string
  readonly waiting: string
  readonly oldest_due: Date | null
  readonly contained: string
}

export interface QueueRow {
  readonly workspace_id: string
  readonly lane: string
  readonly waiting: string
  readonly in_flight: string
  readonly held: string
  readonly oldest_due: Date | null
}

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
  readonly made_by: string
  readonly made_at: Date
  readonly state: string
  readonly ended_at: Date | null
  readonly requested_by: string | null
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
  readonly actor: string
}

/**
 * What staff see and do, each one a function of the engine: the role bulkhead_staff has no right on any table of a workspace.
 * Functions that act write their audit record themselves.
 */
export function createStaffStore(pool: Queryable) {
  async function first<Row extends object>(text: string, values: readonly unknown[]): Promise<Row> {
    const [row] = (await pool.query<Row>(text, [...values])).rows
    if (row === undefined) throw new Error('a function of the engine answered nothing')
    return row
  }

  return {
    addMember: async (member: {
      readonly id: string
      readonly label: string
      readonly prefix: string
      readonly hash: Buffer
      readonly binding: Buffer
      readonly actor: string
    }): Promise<Date> =>
      (
        await first<{ created_at: Date }>('select engine.add_staff($1, $2, $3, $4, $5, $6) as created_at', [
          member.id,
          member.label,
          member.prefix,
          member.hash,
          member.binding,
          member.actor,
        ])
      ).created_at,

    members: async (): Promise<MemberRow[]> =>
      (
        await pool.query<MemberRow>(
          'select id, label, key_prefix, created_at, revoked_at, last_used_at from engine.list_staff()',
        )
      ).rows,

    /** False where there is no such member. */
    revokeMember: async (id: string, actor: string): Promise<boolean> =>
      (await first<{ known: boolean }>('select engine.revoke_staff($1, $2) as known', [id, actor])).known,

    workspaces: async (after: string, limit: number): Promise<WorkspaceRow[]> =>
      (
        await pool.query<WorkspaceRow>(
          `select id, name, created_at, api_keys, smtp_credentials, domains_verified, domains_other,
                  webhooks_enabled, webhooks_disabled, waiting, oldest_due, contained
           from engine.staff_workspaces($1, $2)`,
          [after, limit],
        )
      ).rows,

    queue: async (workspaceId: string | null): Promise<QueueRow[]> =>
      (
        await pool.query<QueueRow>(
          'select workspace_id, lane, waiting, in_flight, held, oldest_due from engine.staff_queue($1)',
          [workspaceId],
        )
      ).rows,

    containments: async (
      workspaceId: string | null,
      before: string | null,
      limit: number,
    ): Promise<ContainmentRow[]> =>
      (
        await pool.query<ContainmentRow>(
          `select id, workspace_id, scope, subject, actor_class, capabilities, reason_code, reason, incident, evidence,
                  until, made_by, made_at, state, ended_at, requested_by
           from engine.staff_containments($1, $2, $3)`,
          [workspaceId, before, limit],
        )
      ).rows,

    preview: async (
      workspaceId: string | null,
      actor: string | null,
    ): Promise<{ lane: string; accepted_last_hour: string; waiting: string }[]> =>
      (
        await pool.query<{ lane: string; accepted_last_hour: string; waiting: string }>(
          'select lane, accepted_last_hour, waiting from engine.staff_preview($1, $2)',
          [workspaceId, actor],
        )
      ).rows,

    /** Cuts off, and ends what was open where it did not go by itself. */
    contain: async (made: NewContainment): Promise<{ id: string; ended: number; unfinished: number }> => {
      const done = await first<{ id: string; ended: number; unfinished: number }>(
        `select id, ended, unfinished
         from engine.contain($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
        [
          made.scope,
          made.workspaceId,
          made.subject,
          made.actorClass,
          made.capabilities,
          made.reasonCode,
          made.reason,
          made.incident,
          made.evidence,
          made.until,
          made.actor,
        ],
      )
      if (done.unfinished === 0) return done
      const { ended, unfinished } = await first<{ ended: number; unfinished: number }>(
        'select ended, unfinished from engine.drain_guards($1)',
        [done.id],
      )
      return { ...done, ended: done.ended + ended, unfinished }
    },

    requestLift: async (id: string, actor: string, reason: string): Promise<void> => {
      await pool.query('select engine.request_lift($1, $2, $3)', [id, actor, reason])
    },

    lift: async (id: string, actor: string, reason: string): Promise<void> => {
      await pool.query('select engine.lift($1, $2, $3)', [id, actor, reason])
    },

    bumpEpoch: (bump: Parameters<typeof bumpEpoch>[1]): Promise<{ floor: string; bumped_at: Date }> =>
      first('select floor, bumped_at from engine.bump_epoch($1, $2, $3, $4, $5, $6, $7)', [
        bump.auditId,
        bump.scope,
        bump.workspaceId,
        bump.subject,
        bump.class,
        bump.actor,
        bump.reason,
      ]),

    /** False where there is no such credential. */
    revokeCredential: async (
      kind: 'api_key' | 'smtp_credential',
      id: string,
      actor: string,
      reason: string,
    ): Promise<boolean> =>
      (
        await first<{ known: boolean }>('select engine.staff_revoke_credential($1, $2, $3, $4) as known', [
          kind,
          id,
          actor,
          reason,
        ])
      ).known,
  }
}
