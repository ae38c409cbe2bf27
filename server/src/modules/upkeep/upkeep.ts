import { runLoop } from '../../platform/loop/index.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import { pauseAfter } from './pacing.ts'
import { createUpkeepStore } from './upkeep-store.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** Rounds are 5 s apart; senders renew every 5 s and retry what failed. */
const DATABASE_AWAY_MS = 9 * SECOND_MS
const RENEWAL_MS = 15 * SECOND_MS
const EXPIRE_BATCH = 5_000
const TRIM_BATCH = 1_000
const ERASE_BATCH = 500
const PARTITION_DAYS = 7
const WEBHOOK_DAYS = 7
const CAPTURED_KEPT = 10_000

/** Starts every duty; resolves when the signal has aborted and the last rounds have ended. */
export async function startUpkeep(deps: {
  readonly pool: Queryable
  readonly log: Logger
  readonly signal: AbortSignal
  readonly keyring: Pick<KeyringClient, 'destroyContentKeys'>
  readonly retentionDays: number
}): Promise<void> {
  const store = createUpkeepStore(deps.pool)
  // Of its own: so many listeners on the process's signal would look like a leak to Node.
  const signal = AbortSignal.any([deps.signal])

  /** A duty in batches: goes on at once after a full one, and paces itself by what it costs. */
  function sweep(
    name: string,
    limit: number,
    bounds: { readonly leastMs: number; readonly mostMs: number },
    work: (limit: number) => Promise<number>,
  ): Promise<void> {
    return runLoop({
      name,
      everyMs: bounds.leastMs,
      log: deps.log,
      signal,
      round: async () => {
        const started = performance.now()
        const rows = await work(limit)
        return pauseAfter({ tookMs: performance.now() - started, rows, limit }, bounds)
      },
    })
  }

  /** When the database was last seen to answer, and until when leases that ran out are left alone. */
  let answeredMs = performance.now()
  let patientUntilMs = 0

  /**
   * A lease that could not be renewed because the database was away says nothing of its sender: all get the time to renew first,
   * or their results would be refused and the same mail sent again.
   */
  async function releaseLeases(): Promise<number> {
    await store.probe()
    const now = performance.now()
    if (now - answeredMs > DATABASE_AWAY_MS) patientUntilMs = now + RENEWAL_MS
    answeredMs = now
    return now < patientUntilMs ? 0 : store.releaseLeases()
  }

  const minutely = { leastMs: MINUTE_MS, mostMs: 10 * MINUTE_MS }
  await Promise.all([
    runLoop({
      name: 'release leases',
      everyMs: 5 * SECOND_MS,
      log: deps.log,
      signal,
      round: async () => {
        const rows = await releaseLeases()
        if (rows > 0) deps.log.warn({ rows }, 'Recipients of a sender that stopped wait again')
        return undefined
      },
    }),
    sweep('expire', EXPIRE_BATCH, { leastMs: 5 * SECOND_MS, mostMs: MINUTE_MS }, store.expire),
    sweep(
      'end shredded workspaces',
      EXPIRE_BATCH,
      { leastMs: SECOND_MS, mostMs: MINUTE_MS },
      store.endShredded,
    ),
    // Out of force at their instant; this notes it and tells.
    sweep(
      'expire containments',
      TRIM_BATCH,
      { leastMs: 5 * SECOND_MS, mostMs: MINUTE_MS },
      store.expireContainments,
    ),
    runLoop({
      name: 'make partitions',
      everyMs: HOUR_MS,
      log: deps.log,
      signal,
      round: async () => {
        await store.ensurePartitions(PARTITION_DAYS)
        const weeks = await store.dropOldPartitions(deps.retentionDays)
        if (weeks > 0) deps.log.info({ weeks }, 'Messages beyond the retention were dropped')
        return undefined
      },
    }),
    sweep(
      'erase sensitive content',
      ERASE_BATCH,
      { leastMs: 10 * SECOND_MS, mostMs: MINUTE_MS },
      async (limit) => {
        const leftovers = await store.sensitiveLeftovers(limit)
        if (leftovers.length === 0) return 0
        for (const [workspaceId, rows] of Map.groupBy(leftovers, (row) => row.workspace_id))
          await deps.keyring.destroyContentKeys(
            workspaceId,
            rows.map((row) => row.key_id),
          )
        await store.eraseSensitive(leftovers.map((row) => row.message_id))
        return leftovers.length
      },
    ),
    sweep('trim idempotency keys', TRIM_BATCH, minutely, store.trimIdempotency),
    sweep('trim requests of doors', TRIM_BATCH, minutely, store.trimDoorRequests),
    sweep('trim webhook deliveries', TRIM_BATCH, minutely, (limit) =>
      store.trimWebhooks(WEBHOOK_DAYS, limit),
    ),
    sweep('trim sites of destinations', TRIM_BATCH, minutely, store.trimSites),
    sweep('trim captured mail', TRIM_BATCH, minutely, (limit) => store.trimCaptured(CAPTURED_KEPT, limit)),
  ])
}
