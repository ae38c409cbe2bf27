import { createHash } from 'node:crypto'
import type { AuditKey } from './audit-key.ts'
import type { ProcessKind } from './access.ts'
import type { LedgerStore, UnwrapHead, UnwrapRow } from './ledger-store.ts'

export interface UnwrapRecord {
  readonly process: ProcessKind
  readonly workspaceId: string
  readonly purpose: string
  readonly keyCount: number
  readonly reason: string
}

export type UnwrapLog = ReturnType<typeof createUnwrapLog>

const MAX_BATCH = 1000
const NOTHING_BEFORE: UnwrapHead = { number: 0, chain: Buffer.alloc(32) }

/** SHA-256(chain before ‖ the row as JSON: [instance, number, at, process, workspace, purpose, key count, reason]). */
export function chainOf(before: Buffer, instance: string, row: Omit<UnwrapRow, 'chain'>): Buffer {
  const canonical = JSON.stringify([
    instance,
    row.number,
    row.at.toISOString(),
    row.process,
    row.workspaceId,
    row.purpose,
    row.keyCount,
    row.reason,
  ])
  return createHash('sha256').update(before).update(canonical).digest()
}

/**
 * Records unwraps. The promise settles once the record is committed, so awaiting it before answering makes "which plaintext did
 * this process see" a query. Each keyring process numbers its records without gaps and chains them by hashes; the commit holds a
 * signed statement of number and chain, so that a row that is removed or changed later is missed. Records that come while an insert is
 * under way share the next one: one commit serves many.
 */
export function createUnwrapLog(deps: {
  ledger: Pick<LedgerStore, 'recordUnwraps' | 'unwrapHead'>
  auditKey: Pick<AuditKey, 'signStatement'>
  instance: string
  nowMs: () => number
}) {
  interface Waiting {
    readonly entry: UnwrapRecord
    readonly done: () => void
    readonly failed: (error: unknown) => void
  }
  let waiting: Waiting[] = []
  let writing = false
  let head = NOTHING_BEFORE
  /** An insert failed: whether it was committed is not known, and its numbers must neither be lost nor used twice. */
  let inDoubt = false

  function rowsOf(batch: readonly Waiting[], start: UnwrapHead): UnwrapRow[] {
    const rows: UnwrapRow[] = []
    let last = start
    for (const { entry } of batch) {
      const row = { ...entry, number: last.number + 1, at: new Date(deps.nowMs()) }
      last = { number: row.number, chain: chainOf(last.chain, deps.instance, row) }
      rows.push({ ...row, chain: last.chain })
    }
    return rows
  }

  async function commit(batch: readonly Waiting[]): Promise<void> {
    if (inDoubt) {
      head = (await deps.ledger.unwrapHead()) ?? NOTHING_BEFORE
      inDoubt = false
    }
    const rows = rowsOf(batch, head)
    const last = rows.at(-1)
    if (last === undefined) return
    const statement = await deps.auditKey.signStatement({
      instance: deps.instance,
      count: last.number,
      chain: last.chain,
      at: last.at,
    })
    inDoubt = true
    await deps.ledger.recordUnwraps(rows, statement)
    inDoubt = false
    head = last
  }

  async function write(): Promise<void> {
    writing = true
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MAX_BATCH)
      waiting = waiting.slice(MAX_BATCH)
      try {
        await commit(batch)
        for (const item of batch) item.done()
      } catch (error) {
        for (const item of batch) item.failed(error)
      }
    }
    writing = false
  }

  return {
    record: (entry: UnwrapRecord): Promise<void> =>
      new Promise((done, failed) => {
        waiting.push({ entry, done, failed })
        if (!writing) void write()
      }),

    /** What this process has recorded so far: number of unwraps and head of their chain. */
    head: (): UnwrapHead => head,
  }
}
