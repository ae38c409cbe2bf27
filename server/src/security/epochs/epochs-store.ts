import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

export interface EpochRow {
  readonly scope: string
  readonly subject: string | null
  readonly class: string
  readonly floor: string
  readonly bumped_at: Date
  readonly actor: string
  readonly reason: string
}

/** Raises a floor and writes the audit record of it, in the caller's transaction. */
export async function bumpEpoch(
  db: TenantDatabase,
  bump: {
    readonly auditId: string
    readonly scope: string
    readonly workspaceId: string | null
    readonly subject: string | null
    readonly class: string
    readonly actor: string
    readonly reason: string
  },
): Promise<{ floor: string; bumped_at: Date }> {
  const [row] = await db.query<{ floor: string; bumped_at: Date }>(
    'select floor, bumped_at from engine.bump_epoch($1, $2, $3, $4, $5, $6, $7)',
    [bump.auditId, bump.scope, bump.workspaceId, bump.subject, bump.class, bump.actor, bump.reason],
  )
  if (row === undefined) throw new Error('the epoch was not bumped')
  return row
}

/** The floors that reach a workspace, the youngest first; at most 1,000. */
export function selectEpochs(db: TenantDatabase, workspaceId: string): Promise<EpochRow[]> {
  return db.query<EpochRow>(
    'select scope, subject, class, floor, bumped_at, actor, reason from engine.epochs_of($1)',
    [workspaceId],
  )
}
