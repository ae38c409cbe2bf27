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

/** What is in force now, of the whole installation. */
export async function selectActiveContainments(pool: Queryable): Promise<ActiveContainment[]> {
  const { rows } = await pool.query<Row>({
    name: 'engine.active_containments',
    text: `select id, scope, workspace_id, subject, actor_class, capabilities, reason_code, reason, incident, until
           from engine.active_containments()`,
  })
  return rows.map((row) => ({
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
}

function known<Word extends string>(words: readonly Word[], text: string): Word {
  const found = words.find((word) => word === text)
  if (found === undefined) throw new Error(`the database has a containment with the unknown word ${text}`)
  return found
}
