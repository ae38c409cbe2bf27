import type { z } from 'zod'
import type { AuditRecord } from '../../kernel/audit-record.ts'
import { encodeId } from '../../kernel/ids.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { TenantDatabase, TenantTransactions } from '../../platform/postgres/tenant.ts'
import { ALERT_WORDS } from './alert-kinds.ts'
import { Alert } from './alert.ts'
import { acknowledgeAlert, selectAlert, selectAlerts, selectInstallationAlerts } from './alerts-store.ts'
import type { AlertRow } from './alerts-store.ts'

type View = z.output<typeof Alert>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'actor' | 'read' | 'act'>
interface Page {
  readonly limit: number
  readonly cursor?: string | undefined
}

export interface Alerts {
  /** Alarms of the caller's workspace, newest first. */
  list(
    caller: Caller,
    query: Page & { readonly state: 'open' | 'all' },
  ): Promise<{ data: View[]; nextCursor: string | null }>
  /** Throws `not_found`. */
  get(caller: Caller, id: string): Promise<View>
  /** Says that somebody has seen it; the first one counts. Throws `not_found`. */
  acknowledge(caller: Caller, id: string): Promise<void>
  /** Alarms of the installation, for the operator. */
  listInstallation(query: Page): Promise<{ data: View[]; nextCursor: string | null }>
  acknowledgeInstallation(actor: string, id: string): Promise<void>
}

/** A transaction of no workspace: row-level security shows nothing in it; only functions of the engine answer. */
const NO_WORKSPACE = '00000000-0000-0000-0000-000000000000'

/** Alarms: see the slice's door for what holds. */
export function createAlerts(deps: {
  readonly transactions: TenantTransactions
  readonly recordAudit: (db: TenantDatabase, record: AuditRecord) => Promise<void>
}): Alerts {
  return {
    async list(caller, { limit, cursor, state }) {
      const before = idOfCursor(cursor)
      const rows = await caller.read((db) =>
        selectAlerts(db, caller.workspaceId, { before, open: state === 'open' }, limit + 1),
      )
      return page(rows, limit, view, (row) => idCursor(row.id))
    },

    async get(caller, id) {
      const row = await caller.read((db) => selectAlert(db, caller.workspaceId, id))
      if (row === undefined) throw missing('alert', id)
      return view(row)
    },

    acknowledge: (caller, id) =>
      caller.act(async (db, about) => {
        if (!(await acknowledgeAlert(db, id, false, caller.actor))) throw missing('alert', id)
        about(encodeId('alert', id))
      }),

    async listInstallation({ limit, cursor }) {
      const before = idOfCursor(cursor)
      const rows = await deps.transactions.read(NO_WORKSPACE, (db) =>
        selectInstallationAlerts(db, before, limit + 1),
      )
      return page(rows, limit, view, (row) => idCursor(row.id))
    },

    acknowledgeInstallation: (actor, id) =>
      deps.transactions.write(NO_WORKSPACE, async (db) => {
        if (!(await acknowledgeAlert(db, id, true, actor))) throw missing('alert', id)
        await deps.recordAudit(db, {
          workspaceId: null,
          actor,
          action: 'alert.acknowledged',
          target: encodeId('alert', id),
          detail: {},
        })
      }),
  }
}

function view(row: AlertRow): View {
  const words = ALERT_WORDS[row.kind]
  return Alert.parse({
    id: encodeId('alert', row.id),
    kind: row.kind,
    severity: row.severity,
    text: words?.text ?? `An alarm: ${row.kind}.`,
    advice: words?.advice ?? 'Look at the audit log around this time.',
    personId: row.person_id === null ? null : encodeId('person', row.person_id),
    about: row.about,
    detail: row.detail,
    occurrences: row.occurrences,
    createdAt: row.created_at.toISOString(),
    lastAt: row.last_at.toISOString(),
    acknowledgedAt: row.acknowledged_at?.toISOString() ?? null,
    acknowledgedBy: row.acknowledged_by,
  })
}
