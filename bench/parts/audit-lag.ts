import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Pool } from '../../server/src/platform/postgres/index.ts'
import { poolOf } from '../database.ts'
import { Latencies } from '../percentiles.ts'
import type { Percentiles } from '../percentiles.ts'

/** The stream of acts that belong to no workspace. */
const INSTALLATION = '00000000-0000-0000-0000-000000000000'
const LOOK_MS = 5
const CONNECTIONS = 8
const DRAIN_MS = 60_000

/** How far the audit log was behind. */
export interface AuditLag {
  readonly acts: number
  readonly wantedPerSecond: number
  /** Committed acts a second while they came. */
  readonly perSecond: number
  /** From the commit of an act to the commit that gave it its place. */
  readonly lag: Percentiles
  /** Acts that waited at the worst moment. */
  readonly waitingMost: number
  readonly notSequenced: number
}

/**
 * Writes acts into the outbox of a running installation at a fixed rate, each in a transaction of its own, and watches when they have
 * their places. The k-th commit is compared with the moment at which the log has k acts more: places follow the order of arrival.
 */
export async function measureAuditLag(options: {
  /** Data directory of an installation with the embedded PostgreSQL. */
  readonly data: string
  readonly acts: number
  readonly perSecond: number
  readonly signal?: AbortSignal | undefined
}): Promise<AuditLag> {
  const writers = poolOf(options.data, 'bulkhead_api', CONNECTIONS)
  const reader = poolOf(options.data, 'bulkhead_audit', 1)
  try {
    return await measure(options, writers, reader)
  } finally {
    await Promise.all([writers.end(), reader.end()])
  }
}

async function measure(
  options: { readonly acts: number; readonly perSecond: number; readonly signal?: AbortSignal | undefined },
  writers: Pool,
  reader: Pool,
): Promise<AuditLag> {
  const committedMs: number[] = []
  const placedMs: number[] = []
  const sequenced = async (): Promise<number> => {
    const { rows } = await reader.query<{ number: number }>(
      'select number from audit_stream where stream = $1',
      [INSTALLATION],
    )
    return rows[0]?.number ?? 0
  }
  const before = await sequenced()
  let writing = true
  let waitingMost = 0
  const watch = async (): Promise<void> => {
    let endMs = Number.POSITIVE_INFINITY
    while (performance.now() < endMs && options.signal?.aborted !== true) {
      const placed = (await sequenced()) - before
      const nowMs = performance.now()
      while (placedMs.length < placed) placedMs.push(nowMs)
      waitingMost = Math.max(waitingMost, committedMs.length - placed)
      if (!writing && endMs === Number.POSITIVE_INFINITY) endMs = nowMs + DRAIN_MS
      if (!writing && placed >= committedMs.length) return
      await delay(LOOK_MS)
    }
  }
  const startMs = performance.now()
  const write = async (first: number): Promise<void> => {
    for (let act = first; act < options.acts && options.signal?.aborted !== true; act += CONNECTIONS) {
      const dueMs = startMs + (act * 1000) / options.perSecond
      if (dueMs > performance.now()) await delay(dueMs - performance.now())
      await writers.query(
        `insert into audit_outbox (id, workspace_id, actor, action, target, detail)
         values ($1, null, 'operator:installation', 'bench.acted', $2, '{"number": 1}')`,
        [randomUUID(), `act_${act}`],
      )
      committedMs.push(performance.now())
    }
  }
  const watching = watch()
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, first) => write(first)))
  const tookMs = performance.now() - startMs
  writing = false
  await watching
  const lags = new Latencies()
  for (const [at, ms] of committedMs.entries()) {
    const placed = placedMs[at]
    if (placed !== undefined) lags.add(Math.max(0, placed - ms))
  }
  return {
    acts: committedMs.length,
    wantedPerSecond: options.perSecond,
    perSecond: Math.round((committedMs.length * 1000) / tookMs),
    lag: lags.summary(),
    waitingMost,
    notSequenced: committedMs.length - Math.min(committedMs.length, placedMs.length),
  }
}

function ms(value: number): string {
  return `${Math.round(value)} ms`
}

/** One line for people. */
export function renderAuditLag(result: AuditLag): string {
  const { lag } = result
  return `Audit log: ${result.acts} acts at ${result.perSecond}/s (wanted ${result.wantedPerSecond}/s), behind by p50 ${ms(lag.p50Ms)}, p90 ${ms(lag.p90Ms)}, p99 ${ms(lag.p99Ms)}, at most ${ms(lag.maxMs)}; at most ${result.waitingMost} waited, ${result.notSequenced} were not sequenced\n`
}
