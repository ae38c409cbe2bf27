import { edgeRoot, growTree } from '@bulkhead/tlog'
import type { TreeEdge } from '@bulkhead/tlog'
import type { Pool } from '../../platform/postgres/index.ts'
import {
  append,
  appendErased,
  readNumbers,
  readRefusals,
  readState,
  readStatements,
  readTiles,
  readUnwrapProgress,
  readUnwraps,
  readWaiting,
} from './log-store.ts'
import {
  INSTALLATION_STREAM,
  leafOf,
  recordOfAct,
  recordOfRefusal,
  recordOfUnwrap,
  sealRecord,
} from './records.ts'
import type { Refusal, SealedRecord, Unwrap } from './records.ts'

/** Records of one append: about 30 ms of the database's time. */
const BATCH = 2_000
const REFUSALS = 500
const REFUSALS_MS = 2_000
const TILE_WIDTH = 256
const LEVELS = 8

export interface Sequencer {
  /** Reads where the log stands, for one that begins or takes over. */
  load(): Promise<void>
  /** Appends what waits. @returns how many records. */
  round(): Promise<number>
  /** Appends records as they are: the way back of what a restored database has lost. */
  restore(records: readonly SealedRecord[]): Promise<void>
  /** Appends entries whose records were erased. */
  restoreErased(commitments: readonly Buffer[]): Promise<void>
  readonly size: number
}

/**
 * Gives the waiting acts and the keyring's unwraps their places in the log. The database refuses an append that was built on another
 * size than it has, so that two sequencers cannot fork the log; what is in memory is only a copy.
 */
export function createSequencer(deps: {
  readonly pool: Pool
  readonly newId: () => string
  /** Told of refusals of the keyring that are in the log now. */
  readonly onRefusals?: (refusals: readonly Refusal[]) => void
}): Sequencer {
  const { pool } = deps
  let refusalsAgainMs = 0
  let size = 0
  let edge: TreeEdge = []

  async function load(): Promise<void> {
    const state = await readState(pool)
    const names = Array.from({ length: LEVELS }, (_, level) => ({
      level,
      index: Math.floor(state.size / TILE_WIDTH ** (level + 1)),
    }))
    const tiles = new Map((await readTiles(pool, names)).map((tile) => [tile.level, tile.hashes]))
    const loaded = names.map(({ level }) => split(tiles.get(level)))
    if (!edgeRoot(loaded).equals(state.root))
      throw new Error(
        `The tiles of the audit log in the database do not belong to its root at ${state.size} entries: run bulkhead audit verify`,
      )
    size = state.size
    edge = loaded
  }

  async function appendRecords(records: readonly SealedRecord[]): Promise<void> {
    const grown = growTree(
      size,
      edge,
      records.map((record) => leafOf(record.commitment)),
    )
    await append(pool, size, records, grown.tiles, edgeRoot(grown.edge))
    size += records.length
    edge = grown.edge
  }

  async function appendCommitments(commitments: readonly Buffer[]): Promise<void> {
    const grown = growTree(size, edge, commitments.map(leafOf))
    await appendErased(pool, size, commitments, grown.tiles, edgeRoot(grown.edge))
    size += commitments.length
    edge = grown.edge
  }

  /** They come once a minute at most, and are looked for less often than acts. */
  async function readNewRefusals(): Promise<Refusal[]> {
    if (performance.now() < refusalsAgainMs) return []
    const refusals = await readRefusals(pool, REFUSALS)
    if (refusals.length === 0) refusalsAgainMs = performance.now() + REFUSALS_MS
    return refusals
  }

  async function readNew(): Promise<{ records: SealedRecord[]; refusals: Refusal[] }> {
    const acts = await readWaiting(pool, BATCH)
    const [statements, progress] = await Promise.all([readStatements(pool), readUnwrapProgress(pool)])
    const unwraps: Unwrap[] = []
    for (const { instance, number } of statements) {
      const done = progress.get(instance) ?? 0
      const room = BATCH - acts.length - unwraps.length
      if (number > done && room > 0) unwraps.push(...(await readUnwraps(pool, instance, done, room)))
    }
    const refusals = await readNewRefusals()
    const streams = [...acts, ...unwraps, ...refusals].map((item) => item.workspace_id ?? INSTALLATION_STREAM)
    const numbers = await readNumbers(pool, [...new Set(streams)])
    const next = (workspaceId: string | null): number => {
      const stream = workspaceId ?? INSTALLATION_STREAM
      const number = (numbers.get(stream) ?? 0) + 1
      numbers.set(stream, number)
      return number
    }
    const records = [
      ...acts.map((act) => recordOfAct(act, next(act.workspace_id))),
      ...unwraps.map((unwrap) => recordOfUnwrap(unwrap, deps.newId(), next(unwrap.workspace_id))),
      ...refusals.map((refusal) => recordOfRefusal(refusal, deps.newId(), next(refusal.workspace_id))),
    ].map(sealRecord)
    return { records, refusals }
  }

  return {
    load,
    async round() {
      const { records, refusals } = await readNew()
      if (records.length === 0) return 0
      try {
        await appendRecords(records)
      } catch (error) {
        // Whether it was committed is not known after a broken connection: the database says where the log stands.
        await load()
        throw error
      }
      if (refusals.length > 0) deps.onRefusals?.(refusals)
      return records.length
    },
    restore: appendRecords,
    restoreErased: appendCommitments,
    get size() {
      return size
    },
  }
}

function split(hashes: Buffer | undefined): Buffer[] {
  const bytes = hashes ?? Buffer.alloc(0)
  return Array.from({ length: bytes.length / 32 }, (_, at) => bytes.subarray(at * 32, at * 32 + 32))
}
