import type { Pool } from '../../platform/postgres/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { settingsFromJson, settingsToJson } from './limits.ts'
import type { Overlay } from './overlay.ts'

interface ActiveRow {
  readonly id: string
  readonly kind: 'suspend' | 'set'
  readonly rule: string
  readonly scope: 'site' | 'provider'
  readonly place: string
  readonly source: string | null
  readonly workspace_id: string | null
  readonly settings: unknown
  readonly reason: string
  readonly hits: number
  readonly remaining_seconds: number
}

export interface OverlayRow extends Omit<ActiveRow, 'remaining_seconds'> {
  readonly evidence: unknown
  readonly made_at: Date
  readonly until: Date
  readonly ended_at: Date | null
  readonly ended_by: string | null
}

export interface WaitingRow {
  readonly number: number
  readonly lane: string
  readonly attempts: number
  readonly due: Date
  readonly expires_at: Date
  readonly held: boolean
  readonly in_line: boolean
  readonly leased: boolean
  readonly site: string | null
  readonly provider: string | null
  readonly mx_hosts: string[] | null
  readonly policy: string | null
  readonly resolved_at: Date | null
  readonly pause: string | null
  readonly pause_reason: string | null
  readonly pause_until: Date | null
}

/** What is in force, as one process asks: `remainingMs` is counted from the answer. */
export type ActiveOverlay = Omit<Overlay, 'untilMs' | 'evidence'> & { readonly remainingMs: number }

/** What a sender does with overlays. */
export interface OverlayStore {
  /** Makes it, or prolongs the one that is there. The id of the one in force; null where it may not be made. */
  put(overlay: Overlay, seconds: number): Promise<string | null>
  active(): Promise<readonly ActiveOverlay[]>
  /** Raises an alarm of the installation. */
  noteRulesBroken(problem: string): Promise<void>
}

export function createOverlayStore(pool: Pool): OverlayStore {
  return {
    async put(overlay, seconds) {
      const { rows } = await pool.query<{ id: string | null }>(
        'select engine.put_overlay($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) as id',
        [
          overlay.id,
          overlay.kind,
          overlay.rule,
          overlay.at,
          overlay.place,
          overlay.source,
          overlay.workspaceId,
          JSON.stringify(settingsToJson(overlay.settings)),
          overlay.reason,
          JSON.stringify(overlay.evidence),
          overlay.hits,
          seconds,
        ],
      )
      return rows[0]?.id ?? null
    },

    async active() {
      const { rows } = await pool.query<ActiveRow>(
        `select id, kind, rule, scope, place, source, workspace_id, settings, reason, hits, remaining_seconds
         from engine.active_overlays()`,
      )
      return rows.map((row) => ({
        ...placeOf(row),
        remainingMs: row.remaining_seconds * 1_000,
      }))
    },

    async noteRulesBroken(problem) {
      await pool.query('select engine.note_rules_broken($1)', [problem])
    },
  }
}

/** Newest first, at most `rowsMax`. */
export function selectOverlays(db: TenantDatabase, ended: boolean, rowsMax: number): Promise<OverlayRow[]> {
  return db.query<OverlayRow>(
    `select id, kind, rule, scope, place, source, workspace_id, settings, reason, evidence, hits, made_at, until, ended_at, ended_by
     from engine.list_overlays($1, $2)`,
    [ended, rowsMax],
  )
}

/** False where none of that id is in force. */
export async function liftOverlay(db: TenantDatabase, id: string, actor: string): Promise<boolean> {
  const rows = await db.query<{ lifted: boolean }>('select engine.lift_overlay($1, $2) as lifted', [
    id,
    actor,
  ])
  return rows[0]?.lifted === true
}

/** Of a message of the transaction's workspace; at most 1,000. */
export function selectWaiting(db: TenantDatabase, messageId: string): Promise<WaitingRow[]> {
  return db.query<WaitingRow>(
    `select number, lane, attempts, due, expires_at, held, in_line, leased, site, provider, mx_hosts, policy, resolved_at,
            pause, pause_reason, pause_until
     from engine.explain_waiting($1)`,
    [messageId],
  )
}

/** What is in force, for explanations. */
export async function selectActive(db: TenantDatabase): Promise<readonly ActiveOverlay[]> {
  const rows = await db.query<ActiveRow>(
    `select id, kind, rule, scope, place, source, workspace_id, settings, reason, hits, remaining_seconds
     from engine.active_overlays()`,
  )
  return rows.map((row) => ({ ...placeOf(row), remainingMs: row.remaining_seconds * 1_000 }))
}

function placeOf(row: ActiveRow): Omit<Overlay, 'untilMs' | 'evidence'> {
  return {
    id: row.id,
    kind: row.kind,
    rule: row.rule,
    at: row.scope,
    place: row.place,
    source: row.source,
    workspaceId: row.workspace_id,
    settings: settingsFromJson(row.settings),
    reason: row.reason,
    hits: row.hits,
  }
}
