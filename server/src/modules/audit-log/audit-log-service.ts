import {
  encodeEntryBundle,
  formatTlogProof,
  logEntry,
  parseTilePath,
  parseRecord,
  parseVerifierKey,
  TILE_WIDTH,
  tiledTree,
  tileWidth,
  TlogFault,
} from '@bulkhead/tlog'
import type { TiledTree } from '@bulkhead/tlog'
import { z } from 'zod'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import { AuditState } from './audit-entry.ts'
import type { AuditEntry, AuditFilter, ProvedAuditEntry } from './audit-entry.ts'
import {
  readCommitments,
  readHead,
  readInstallationEntries,
  readTile,
  selectEntries,
  selectEntry,
} from './audit-log-store.ts'
import type { EntryRow, HeadRow } from './audit-log-store.ts'
import { writeExport } from './export.ts'
import type { ExportFormat } from './export.ts'

type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'read'>
type View = z.output<typeof AuditEntry>

export interface AuditLog {
  list(
    caller: Caller,
    query: AuditFilter & { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ data: View[]; nextCursor: string | null }>
  /** Records of no workspace. */
  listInstallation(
    query: AuditFilter & { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ data: View[]; nextCursor: string | null }>
  get(caller: Caller, index: number): Promise<z.output<typeof ProvedAuditEntry>>
  /** NDJSON with everything that is needed to verify it offline, oldest first. */
  export(
    caller: Caller,
    query: AuditFilter & {
      readonly from: number
      readonly limit: number
      readonly since?: number | undefined
      readonly format: ExportFormat
    },
  ): Promise<Buffer>
  state(): Promise<z.output<typeof AuditState>>
  /** The signed checkpoint as everybody may read it; null before the first. */
  checkpoint(): Promise<string | null>
  vkey(): Promise<string | null>
  /** A tile or a bundle by its path below the log's prefix; null where the published log has none there. */
  tile(path: string): Promise<Buffer | null>
}

/** Reads the log for its workspaces, and the public half for everybody. */
export function createAuditLogReader(deps: { readonly pool: Queryable }): AuditLog {
  const { pool } = deps

  const treeOf = (head: HeadRow): TiledTree =>
    tiledTree(head.checkpoint_size, async (level, index, width) => {
      const bytes = await readTile(pool, level, index, width)
      if (bytes === null) throw new Error(`the audit log lacks the tile ${level}/${index}`)
      return bytes
    })

  return {
    async list(caller, query) {
      const below = query.cursor === undefined ? null : indexOfCursor(query.cursor)
      const rows = await caller.read((db) =>
        selectEntries(db, caller.workspaceId, query, { below }, query.limit + 1),
      )
      return page(rows, query.limit, view, (row) => String(row.index))
    },

    async listInstallation(query) {
      const below = query.cursor === undefined ? null : indexOfCursor(query.cursor)
      const rows = await readInstallationEntries(pool, query, below, query.limit + 1)
      return page(rows, query.limit, view, (row) => String(row.index))
    },

    async get(caller, index) {
      const row = await caller.read((db) => selectEntry(db, caller.workspaceId, index))
      if (row === undefined)
        throw new Fault('not_found', { detail: `There is no audit entry ${index} in this workspace.` })
      const head = await readHead(pool)
      const proof =
        index < head.checkpoint_size && head.checkpoint !== null
          ? formatTlogProof({
              index,
              hashes: await treeOf(head).inclusionProof(index),
              checkpoint: head.checkpoint,
            })
          : null
      return { ...view(row), record: row.record, salt: row.salt?.toString('base64') ?? null, proof }
    },

    async export(caller, query) {
      const head = await readHead(pool)
      const { checkpoint, vkey } = head
      if (checkpoint === null || vkey === null)
        throw new Fault('unavailable', {
          detail: 'The audit log has no signed checkpoint yet. Try again in a few seconds.',
          retryAfterSeconds: 5,
        })
      if (query.since !== undefined && query.since > head.checkpoint_size)
        throw invalidField('since', `is larger than the log, which has ${head.checkpoint_size} entries`)
      const range = { from: query.from, to: head.checkpoint_size }
      const rows = await caller.read((db) =>
        selectEntries(db, caller.workspaceId, query, range, query.limit + 1),
      )
      const tree = treeOf(head)
      return writeExport({
        rows: rows.slice(0, query.limit),
        hasMore: rows.length > query.limit,
        isFiltered: [query.action, query.actor, query.target, query.after, query.before].some(
          (value) => value !== undefined,
        ),
        head: { checkpoint, vkey, statements: head.statements },
        since: query.since ?? null,
        format: query.format,
        tree,
      })
    },

    async state() {
      const head = await readHead(pool)
      return AuditState.parse({
        size: head.size,
        waitingSince: head.waiting_since?.toISOString() ?? null,
        checkpointSize: head.checkpoint_size,
        checkpointAt: head.checkpoint_at?.toISOString() ?? null,
        checkpoint: head.checkpoint,
        vkey: head.vkey,
        witnesses: head.witnesses,
        problem: head.problem,
      })
    },

    checkpoint: async () => (await readHead(pool)).checkpoint,
    async vkey() {
      const { vkey } = await readHead(pool)
      return vkey === null ? null : parseVerifierKey(vkey).text
    },

    async tile(path) {
      const tile = tileNamed(path)
      if (tile === null) return null
      const head = await readHead(pool)
      const level = tile.level === 'entries' ? 0 : tile.level
      // Nothing is shown that no checkpoint vouches for.
      if (tile.width > tileWidth(level, tile.index, head.checkpoint_size)) return null
      if (tile.level !== 'entries') return readTile(pool, tile.level, tile.index, tile.width)
      const commitments = await readCommitments(pool, tile.index * TILE_WIDTH, tile.width)
      return commitments.length === tile.width ? encodeEntryBundle(commitments.map(logEntry)) : null
    },
  }
}

function tileNamed(path: string): ReturnType<typeof parseTilePath> | null {
  try {
    return parseTilePath(path)
  } catch (error) {
    if (error instanceof TlogFault) return null
    throw error
  }
}

function indexOfCursor(cursor: string): number {
  const index = /^\d{1,15}$/.test(cursor) ? Number(cursor) : null
  if (index === null)
    throw invalidField(
      'cursor',
      'is not a cursor of this list',
      'Give nextCursor of the page before, or none.',
    )
  return index
}

const Process = z.object({ process: z.string() })

function view(row: EntryRow): View {
  const record = row.record === null ? null : parseRecord(row.record)
  return {
    index: row.index,
    number: record?.number ?? null,
    at: row.at.toISOString(),
    actor: row.actor,
    action: row.action,
    target: row.target,
    process: row.record === null ? null : (Process.safeParse(JSON.parse(row.record)).data?.process ?? null),
    detail: record === null ? null : { ...record.detail },
  }
}
