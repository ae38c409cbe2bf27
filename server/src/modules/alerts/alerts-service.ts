import type { z } from 'zod'
import type { AuditRecord } from '../../kernel/audit-record.ts'
import { encodeId } from '../../kernel/ids.ts'
import { INSTALLATION_WORKSPACE } from '../../kernel/installation.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { TenantDatabase, TenantTransactions } from '../../platform/postgres/tenant.ts'
import { open, seal, sealedKeyId } from '../../platform/sealing/index.ts'
import type { SealedPlace } from '../../platform/sealing/index.ts'
import { shownActor } from '../members/index.ts'
import { ALERT_WORDS, CHANGE_TEXTS } from './alert-kinds.ts'
import { Alert } from './alert.ts'
import { acknowledgeAlert, selectAlert, selectAlerts, selectInstallationAlerts } from './alerts-store.ts'
import type { AlertFilter, AlertRow } from './alerts-store.ts'

type View = z.output<typeof Alert>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'actor' | 'read' | 'act'>
interface Page {
  readonly limit: number
  readonly cursor?: string | undefined
  readonly state: 'open' | 'all'
  readonly severity?: string | undefined
}

export interface Alerts {
  /** Alarms of the caller's workspace, newest first. */
  list(caller: Caller, query: Page): Promise<{ data: View[]; nextCursor: string | null }>
  /** Throws `not_found`. */
  get(caller: Caller, id: string): Promise<View>
  /** Says that somebody has seen it; the first one counts. Throws `not_found`. */
  acknowledge(caller: Caller, id: string, note?: string): Promise<void>
  /** Alarms of the installation, for the operator. */
  listInstallation(query: Page): Promise<{ data: View[]; nextCursor: string | null }>
  acknowledgeInstallation(actor: string, id: string, note?: string): Promise<void>
}

/** A transaction of no workspace: row-level security shows nothing in it; only functions of the engine answer. */
const NO_WORKSPACE = '00000000-0000-0000-0000-000000000000'

/** Alarms: see the slice's door for what holds. */
export function createAlerts(deps: {
  readonly keyring: Pick<KeyringClient, 'contentKey' | 'openContentKeys'>
  readonly transactions: TenantTransactions
  readonly recordAudit: (db: TenantDatabase, record: AuditRecord) => Promise<void>
}): Alerts {
  /** People write names into notes. */
  async function sealNote(workspaceId: string, id: string, note: string | undefined): Promise<Buffer | null> {
    if (note === undefined) return null
    return seal(await deps.keyring.contentKey(workspaceId), notePlace(workspaceId, id), Buffer.from(note))
  }

  async function views(workspaceId: string, rows: readonly AlertRow[]): Promise<(row: AlertRow) => View> {
    const sealed = rows.flatMap(({ sealed_note: note }) => (note === null ? [] : [sealedKeyId(note)]))
    const keys = await deps.keyring.openContentKeys(workspaceId, [...new Set(sealed)], 'alerts.list')
    return (row) =>
      view(
        row,
        row.sealed_note === null
          ? null
          : open(keys, notePlace(workspaceId, row.id), row.sealed_note).toString(),
      )
  }

  return {
    async list(caller, query) {
      const { limit } = query
      const rows = await caller.read((db) => selectAlerts(db, caller.workspaceId, filterOf(query), limit + 1))
      return page(rows, limit, await views(caller.workspaceId, rows), (row) => idCursor(row.id))
    },

    async get(caller, id) {
      const row = await caller.read((db) => selectAlert(db, caller.workspaceId, id))
      if (row === undefined) throw missing('alert', id)
      return (await views(caller.workspaceId, [row]))(row)
    },

    async acknowledge(caller, id, note) {
      const sealed = await sealNote(caller.workspaceId, id, note)
      await caller.act(async (db, about) => {
        if (!(await acknowledgeAlert(db, id, false, caller.actor, sealed))) throw missing('alert', id)
        about(encodeId('alert', id))
      })
    },

    async listInstallation(query) {
      const { limit } = query
      const rows = await deps.transactions.read(NO_WORKSPACE, (db) =>
        selectInstallationAlerts(db, filterOf(query), limit + 1),
      )
      return page(rows, limit, await views(INSTALLATION_WORKSPACE, rows), (row) => idCursor(row.id))
    },

    async acknowledgeInstallation(actor, id, note) {
      const sealed = await sealNote(INSTALLATION_WORKSPACE, id, note)
      await deps.transactions.write(NO_WORKSPACE, async (db) => {
        if (!(await acknowledgeAlert(db, id, true, actor, sealed))) throw missing('alert', id)
        await deps.recordAudit(db, {
          workspaceId: null,
          actor,
          action: 'alert.acknowledged',
          target: encodeId('alert', id),
          detail: {},
        })
      })
    },
  }
}

function filterOf({ cursor, state, severity }: Page): AlertFilter {
  return { before: idOfCursor(cursor), open: state === 'open', severity: severity ?? null }
}

function view(row: AlertRow, note: string | null): View {
  const words = ALERT_WORDS[row.kind]
  return Alert.parse({
    id: encodeId('alert', row.id),
    kind: row.kind,
    severity: row.severity,
    text: textOf(row),
    advice: words?.advice ?? 'Look at the audit log around this time.',
    command: words?.command ?? null,
    response: words?.response ?? null,
    personId: row.person_id === null ? null : encodeId('person', row.person_id),
    about: row.about,
    detail: row.detail,
    occurrences: row.occurrences,
    createdAt: row.created_at.toISOString(),
    lastAt: row.last_at.toISOString(),
    acknowledgedAt: row.acknowledged_at?.toISOString() ?? null,
    acknowledgedBy: row.acknowledged_by === null ? null : shownActor(row.acknowledged_by),
    note,
  })
}

/** What was seen; where a change is told, which one. */
function textOf({ kind, detail }: AlertRow): string {
  const what = detail['what']
  const change = kind === 'profile.changed' && typeof what === 'string' ? CHANGE_TEXTS[what] : undefined
  return change ?? ALERT_WORDS[kind]?.text ?? `An alarm: ${kind}.`
}

function notePlace(workspaceId: string, rowId: string): SealedPlace {
  return { workspaceId, table: 'security_alert', column: 'sealed_note', rowId }
}
