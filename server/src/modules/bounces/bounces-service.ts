import type { z } from 'zod'
import { Fault } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { INSTALLATION_WORKSPACE } from '../../kernel/installation.ts'
import { idCursor, idOf, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { TenantTransactions } from '../../platform/postgres/tenant.ts'
import { open, sealedKeyId } from '../../platform/sealing/index.ts'
import type { ReadingBudget } from '../../security/limits/index.ts'
import type { Bounce, Quarantined } from './bounce.ts'
import { selectReport, selectReports, type ReportRow } from './bounces-store.ts'
import { Findings, NO_FINDINGS, REPORT_KINDS, type ReportKind } from './findings.ts'

type View = z.output<typeof Bounce>
type QuarantineView = z.output<typeof Quarantined>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'actor' | 'read'>
interface Page {
  readonly limit: number
  readonly cursor?: string | undefined
}

export interface Bounces {
  list(
    caller: Caller,
    query: Page & { readonly messageId?: string | undefined; readonly kind?: ReportKind | undefined },
  ): Promise<{ data: View[]; nextCursor: string | null }>
  get(caller: Caller, id: string): Promise<View>
  /** As it came, with the envelope before it. Throws `content_gone` where its key is destroyed. */
  source(caller: Caller, id: string): Promise<Buffer>
  /** For the operator: what belongs to no workspace. */
  quarantine(query: Page & { readonly kind?: ReportKind | undefined }): Promise<{
    data: QuarantineView[]
    nextCursor: string | null
  }>
  quarantined(id: string): Promise<Buffer>
}

/** Reports as workspaces and the operator see them. */
export function createBounces(deps: {
  readonly keyring: Pick<KeyringClient, 'openContentKeys'>
  readonly budget: ReadingBudget
  readonly transactions: Pick<TenantTransactions, 'read'>
}): Bounces {
  async function opened(workspaceId: string, id: string, sealed: Buffer, reason: string): Promise<Buffer> {
    const keyId = sealedKeyId(sealed)
    const keys = await deps.keyring.openContentKeys(workspaceId, [keyId], reason)
    if (keys.get(keyId) === undefined)
      throw new Fault('content_gone', { detail: 'The key of this report was destroyed.' })
    return open(keys, { workspaceId, table: 'bounce_report', column: 'sealed', rowId: id }, sealed)
  }

  return {
    async list(caller, { limit, cursor, messageId, kind }) {
      const filter = {
        before: idOfCursor(cursor),
        messageId: messageId === undefined ? null : idOf('message', messageId),
        kind: kind ?? null,
      }
      const rows = await caller.read((db) => selectReports(db, caller.workspaceId, filter, limit + 1))
      return page(rows, limit, viewOf, (row) => idCursor(row.id))
    },

    get: async (caller, id) => viewOf(await found(caller, id)),

    async source(caller, id) {
      const { sealed } = await found(caller, id)
      await deps.budget.spend(caller, 1)
      return opened(caller.workspaceId, id, sealed, 'bounces.source')
    },

    async quarantine({ limit, cursor, kind }) {
      const filter = { before: idOfCursor(cursor), messageId: null, kind: kind ?? null }
      const rows = await deps.transactions.read(INSTALLATION_WORKSPACE, (db) =>
        selectReports(db, INSTALLATION_WORKSPACE, filter, limit + 1),
      )
      return page(rows, limit, quarantineViewOf, (row) => idCursor(row.id))
    },

    async quarantined(id) {
      const row = await deps.transactions.read(INSTALLATION_WORKSPACE, (db) =>
        selectReport(db, INSTALLATION_WORKSPACE, id),
      )
      if (row === undefined) throw missing('bounce', id)
      return opened(INSTALLATION_WORKSPACE, id, row.sealed, 'quarantine.source')
    },
  }
}

async function found(caller: Caller, id: string): Promise<ReportRow & { readonly sealed: Buffer }> {
  const row = await caller.read((db) => selectReport(db, caller.workspaceId, id))
  if (row === undefined) throw missing('bounce', id)
  return row
}

function kindOf(text: string): ReportKind {
  return REPORT_KINDS.find((kind) => kind === text) ?? 'other'
}

function viewOf(row: ReportRow): View {
  return {
    ...(Findings.safeParse(row.findings).data ?? NO_FINDINGS),
    id: encodeId('bounce', row.id),
    messageId: row.message_id === null ? null : encodeId('message', row.message_id),
    kind: kindOf(row.kind),
    format: row.format,
    receivedAt: row.received_at.toISOString(),
    sizeBytes: row.size_bytes,
  }
}

function quarantineViewOf(row: ReportRow): QuarantineView {
  return {
    id: encodeId('bounce', row.id),
    kind: kindOf(row.kind),
    format: row.format,
    why: row.why,
    receivedAt: row.received_at.toISOString(),
    sizeBytes: row.size_bytes,
  }
}
