import type { z } from 'zod'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { createNonces, seal } from '../../platform/sealing/index.ts'
import { REFUSALS_MAX } from './import.ts'
import type { Import, Refusal } from './import.ts'
import { readPart } from './import-lines.ts'
import type { ImportEntry, Meaning } from './import-lines.ts'
import {
  advanceImport,
  cancelImport,
  insertImport,
  insertRefusals,
  selectImport,
  selectImports,
  selectRefusals,
} from './imports-store.ts'
import type { ImportRecord } from './imports-store.ts'
import { addressPlace, notePlace, scopeOfReason } from './suppression.ts'
import type { SuppressionReason, SuppressionScope } from './suppression.ts'
import { putSuppressions, selectListed } from './suppressions-store.ts'
import type { NewSuppression } from './suppressions-store.ts'

type View = z.output<typeof Import>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'actor' | 'read' | 'act'>

export interface SuppressionImports {
  start(
    caller: Caller,
    wanted: {
      readonly format: 'csv' | 'jsonl'
      readonly dryRun: boolean
      readonly reason: SuppressionReason
      readonly scope: SuppressionScope | null
      readonly expiresAt: Date | null
      /** Of CSV; null: by their titles. */
      readonly columns: readonly Meaning[] | null
    },
  ): Promise<View>
  /** Takes the next lines; `charsTaken` of the text were read, what is behind them is sent again with the next part. */
  addLines(
    caller: Caller,
    id: string,
    part: { readonly fromLine: number; readonly text: string; readonly isLast: boolean },
  ): Promise<{ import: View; charsTaken: number }>
  list(
    caller: Caller,
    query: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ data: View[]; nextCursor: string | null }>
  get(caller: Caller, id: string): Promise<View>
  refusals(
    caller: Caller,
    id: string,
    query: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ data: z.output<typeof Refusal>[]; nextCursor: string | null }>
  cancel(caller: Caller, id: string): Promise<View>
}

/**
 * Imports of suppressions. The client sends the file in parts, and each part is one transaction: entries, counts and the next line are
 * committed together, so an import that broke off goes on where it was, and no line is taken twice. At no time is an address stored that
 * is not sealed, and memory holds one part.
 */
export function createSuppressionImports(deps: {
  readonly keyring: Pick<KeyringClient, 'blindAddresses' | 'contentKey'>
  readonly newId: () => string
  readonly nowMs: () => number
}): SuppressionImports {
  const fillNonce = createNonces()

  /** What is sent to the keyring and sealed is done before the transaction begins. */
  async function sealed(
    workspaceId: string,
    record: ImportRecord,
    entries: readonly ImportEntry[],
  ): Promise<NewSuppression[]> {
    if (entries.length === 0) return []
    const [key, blinded] = await Promise.all([
      deps.keyring.contentKey(workspaceId),
      deps.keyring.blindAddresses(
        workspaceId,
        entries.map((entry) => entry.indexed),
      ),
    ])
    const byIndex = new Map<string, NewSuppression>()
    for (const [position, entry] of entries.entries()) {
      const index = blinded[position]?.index
      if (index === undefined) throw new Error('the keyring answered fewer indexes than addresses')
      const id = deps.newId()
      const reason = entry.reason ?? record.default_reason
      const made: NewSuppression = {
        id,
        index,
        address: seal(key, addressPlace(workspaceId, id), Buffer.from(entry.email), fillNonce),
        reason,
        scope: entry.scope ?? record.default_scope ?? scopeOfReason(reason),
        expiresAt: entry.expiresAt ?? record.default_expires_at,
        note:
          entry.note === null
            ? null
            : seal(key, notePlace(workspaceId, id), Buffer.from(entry.note), fillNonce),
      }
      const name = index.toString('latin1')
      const earlier = byIndex.get(name)
      if (earlier === undefined || stopsMore(made, earlier)) byIndex.set(name, made)
    }
    return [...byIndex.values()]
  }

  return {
    start: async (caller, wanted) => {
      const { workspaceId, actor } = caller
      const id = deps.newId()
      const row = await caller.act(async (db, about) => {
        about(encodeId('import', id), { dryRun: wanted.dryRun, format: wanted.format })
        return insertImport(db, { id, workspaceId, actor, ...wanted })
      })
      return viewOf(row)
    },

    async addLines(caller, id, { fromLine, text, isLast }) {
      const { workspaceId } = caller
      const before = await caller.read((db) => selectImport(db, workspaceId, id))
      requireOpen(before, id, fromLine)
      const { format, columns, separator } = before
      const layout = columns === null || separator === null ? null : { columns, separator }
      // Until the first line was read the columns are those that were chosen, if any.
      const wanted = layout === null ? columns : null
      const read = readPart(
        text,
        { format, layout, columns: wanted, nextLine: fromLine },
        isLast,
        deps.nowMs(),
      )
      if ('problem' in read)
        throw invalidField('text', read.problem, 'Give CSV with a column "email", or one address per line.')
      const entries = await sealed(workspaceId, before, read.entries)
      // What was not read, because a part holds so many entries at most, is still to come.
      const finishes = isLast && read.taken >= text.length
      const row = await caller.act(async (db, about) => {
        const now = await selectImport(db, workspaceId, id, true)
        requireOpen(now, id, fromLine)
        const { added, widened } = await write(db, workspaceId, now, entries)
        await insertRefusals(
          db,
          workspaceId,
          id,
          read.refused.slice(0, Math.max(0, REFUSALS_MAX - now.refused)),
        )
        const counts = {
          entries: read.entries.length + read.refused.length,
          added,
          widened,
          unchanged: read.entries.length - added - widened,
          refused: read.refused.length,
        }
        about(encodeId('import', id), { ...counts, fromLine, dryRun: now.dry_run })
        return advanceImport(db, workspaceId, id, {
          ...counts,
          columns: read.place.layout?.columns ?? wanted,
          separator: read.place.layout?.separator ?? null,
          nextLine: read.place.nextLine,
          isLast: finishes,
        })
      })
      return { import: viewOf(row), charsTaken: read.taken }
    },

    async list(caller, query) {
      const before = idOfCursor(query.cursor)
      const rows = await caller.read((db) => selectImports(db, caller.workspaceId, before, query.limit + 1))
      return page(rows, query.limit, viewOf, (row) => idCursor(row.id))
    },

    async get(caller, id) {
      const row = await caller.read((db) => selectImport(db, caller.workspaceId, id))
      if (row === undefined) throw missing('import', id)
      return viewOf(row)
    },

    async refusals(caller, id, query) {
      const after = lineOfCursor(query.cursor)
      const rows = await caller.read(async (db) => {
        if ((await selectImport(db, caller.workspaceId, id)) === undefined) throw missing('import', id)
        return selectRefusals(db, caller.workspaceId, id, after, query.limit + 1)
      })
      return page(
        rows,
        query.limit,
        (row) => ({ ...row }),
        (row) => String(row.line),
      )
    },

    async cancel(caller, id) {
      const row = await caller.act(async (db, about) => {
        const found = await selectImport(db, caller.workspaceId, id, true)
        if (found === undefined) throw missing('import', id)
        const cancelled = await cancelImport(db, caller.workspaceId, id)
        if (cancelled === undefined)
          throw new Fault('conflict', {
            detail: `This import is ${found.state}; there is nothing to cancel.`,
          })
        about(encodeId('import', id), { nextLine: cancelled.next_line })
        return cancelled
      })
      return viewOf(row)
    },
  }
}

async function write(
  db: TenantDatabase,
  workspaceId: string,
  record: ImportRecord,
  entries: readonly NewSuppression[],
): Promise<{ readonly added: number; readonly widened: number }> {
  if (!record.dry_run) return putSuppressions(db, workspaceId, record.id, entries)
  const listed = await selectListed(
    db,
    workspaceId,
    entries.map(({ index }) => index),
  )
  const found = new Map(listed.map((row) => [row.address_index.toString('latin1'), row]))
  const old = entries.flatMap((entry) => {
    const row = found.get(entry.index.toString('latin1'))
    return row === undefined ? [] : [{ entry, row }]
  })
  const widened = old.filter(({ entry, row }) =>
    stopsMore(entry, { scope: row.applies_to, expiresAt: row.expires_at, keepsBulk: row.keeps_bulk }),
  )
  return { added: entries.length - old.length, widened: widened.length }
}

interface Stop {
  readonly scope: SuppressionScope
  readonly expiresAt: Date | null
  readonly keepsBulk?: boolean
}

/** Whether an entry stops more than one that is there: for more mail, or for longer. The database judges alike (put_suppressions). */
function stopsMore(entry: Stop, there: Stop): boolean {
  if (entry.scope === 'all' && there.scope === 'bulk') return true
  if (there.expiresAt === null) return false
  if (entry.scope === there.scope) return entry.expiresAt === null || entry.expiresAt > there.expiresAt
  return entry.expiresAt === null && there.keepsBulk !== true
}

function requireOpen(
  record: ImportRecord | undefined,
  id: string,
  fromLine: number,
): asserts record is ImportRecord {
  if (record === undefined) throw missing('import', id)
  if (record.state !== 'open') throw new Fault('conflict', { detail: `This import is ${record.state}.` })
  if (record.next_line !== fromLine)
    throw new Fault('conflict', {
      detail: `This import goes on with line ${record.next_line}, not ${fromLine}: the lines before were taken.`,
    })
}

function lineOfCursor(cursor: string | undefined): number {
  if (cursor === undefined) return 0
  if (!/^\d{1,9}$/.test(cursor))
    throw invalidField(
      'cursor',
      'is not a cursor of this list',
      'Give nextCursor of the page before, or none.',
    )
  return Number(cursor)
}

function viewOf(row: ImportRecord): View {
  return {
    id: encodeId('import', row.id),
    state: row.state,
    format: row.format,
    dryRun: row.dry_run,
    reason: row.default_reason,
    scope: row.default_scope,
    expiresAt: row.default_expires_at?.toISOString() ?? null,
    columns: row.columns === null ? null : [...row.columns],
    nextLine: row.next_line,
    entries: row.entries,
    added: row.added,
    widened: row.widened,
    unchanged: row.unchanged,
    refused: row.refused,
    createdAt: row.created_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
  }
}
