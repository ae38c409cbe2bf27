import { ACTOR_CLASSES, CONTAINMENT_SCOPES } from '../../kernel/containment.ts'
import type { ActiveContainment } from '../../kernel/containment.ts'
import type { Queryable } from '../../platform/postgres/index.ts'

interface Row {
  readonly id: string
  readonly scope: string
  readonly workspace_id: string | null
  readonly subject: string | null
  readonly actor_class: string
  readonly capabilities: string[]
  readonly reason_code: string
  readonly reason: string
  readonly incident: string | null
  readonly until: Date
}

/** What is in force now, of the whole installation, and the time of the database, by which it ends; null where nothing is in force. */
export async function selectActiveContainments(
  pool: Queryable,
): Promise<{ readonly active: readonly ActiveContainment[]; readonly databaseMs: number | null }> {
  const { rows } = await pool.query<Row & { readonly database_ms: number }>({
    name: 'engine.active_containments',
    text: `select id, scope, workspace_id, subject, actor_class, capabilities, reason_code, reason, incident, until,
                  (extract(epoch from clock_timestamp()) * 1000)::float8 as database_ms
           from engine.active_containments()`,
  })
  const active = rows.map((row) => ({
    id: row.id,
    scope: known(CONTAINMENT_SCOPES, row.scope),
    workspaceId: row.workspace_id,
    subject: row.subject,
    actorClass: known(ACTOR_CLASSES, row.actor_class),
    capabilities: row.capabilities,
    reasonCode: row.reason_code,
    reason: row.reason,
    incident: row.incident,
    untilMs: row.until.getTime(),
  }))
  return { active, databaseMs: rows[0]?.database_ms ?? null }
}

function known<Word extends string>(words: readonly Word[], text: string): Word {
  const found = words.find((word) => word === text)
  if (found === undefined) throw new Error(`the database has a containment with the unknown word ${text}`)
  return found
}
