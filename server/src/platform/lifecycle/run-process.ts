import { setTimeout as sleep } from 'node:timers/promises'
import { createIdGenerator } from '../../kernel/ids.ts'
import { loadConfig } from '../config/index.ts'
import type { Config } from '../config/index.ts'
import { createPool } from '../postgres/index.ts'
import type { Pool } from '../postgres/index.ts'
import {
  createKeyringMetrics,
  createLogger,
  createMetrics,
  observePool,
  observeRuntime,
  serveMetrics,
  startTracing,
} from '../telemetry/index.ts'
import type { Logger, Metrics, Tracing } from '../telemetry/index.ts'
import { takeHandover } from './environment.ts'
import { startHeartbeat } from './heartbeat.ts'

const DRAIN_MS = 10_000
const POOL_END_MS = 2000

export interface ProcessContext {
  readonly config: Config
  readonly log: Logger
  /** Connected as this process's own role. */
  readonly pool: Pool
  /** For connections beyond the pool (LISTEN, an engine's own): the same role. */
  readonly databaseUrl: string
  /** Aborts when the process must drain: take no new work, finish what is open. */
  readonly signal: AbortSignal
  readonly keyring: {
    readonly socketPath: string
    readonly token: string
    readonly metrics: ReturnType<typeof createKeyringMetrics>
  }
  /** What this process counts; read over its socket. */
  readonly metrics: Metrics
  readonly tracing: Tracing
  readonly runtimeDirectory: string
  readonly dataDirectory: string
  /** UUID of this process in the table `process`. */
  readonly processId: string
  /** Tells the supervisor and the table `process` that this process does its work. `published` is what the table may show to others. */
  ready(detail?: Readonly<Record<string, unknown>>, published?: Readonly<Record<string, unknown>>): void
}

export interface ProcessDefinition {
  readonly name: 'api' | 'smtp' | 'sender' | 'worker' | 'staff' | 'audit'
  /** Connections of the pool, 10 by default. */
  readonly poolSize?: number
  /** How long a client of this process may wait for the database, milliseconds: see PoolOptions. */
  readonly patienceMs?: number
  /** Starts the work; what it returns is disposed of when the process drains. */
  start(context: ProcessContext): Promise<AsyncDisposable>
}

/**
 * The life of a process: configuration, logger, pool, heartbeat, start, drain. Drains on SIGTERM, SIGINT and when the supervisor is
 * gone, within ten seconds. An uncaught exception is logged and ends the process; the supervisor starts it again.
 */
export async function runProcess(definition: ProcessDefinition): Promise<void> {
  let log = createLogger({ name: definition.name, level: 'info' })
  const crash = (error: unknown): void => {
    log.fatal({ err: error }, 'An unexpected error ends this process')
    process.exit(1)
  }
  process.on('uncaughtException', crash)
  process.on('unhandledRejection', crash)

  const drain = new AbortController()
  listenForTheEnd(drain)
  const config = loadConfig(process.env)
  const { databaseUrl, keyring, runtimeDirectory, label, metricsSocket } = takeHandover(process.env)
  log = createLogger({ name: definition.name, level: config.logLevel })

  const pool = createPool({
    url: databaseUrl,
    applicationName: definition.name,
    max: definition.poolSize ?? 10,
    ...(definition.patienceMs === undefined ? {} : { patienceMs: definition.patienceMs }),
    onIdleError: (error) => log.debug({ err: error }, 'An idle database connection broke'),
  })
  const processId = createIdGenerator()()
  const metrics = createMetrics()
  observeRuntime(metrics)
  observePool(metrics, () => pool.counts())
  const tracing = await startTracing({
    url: config.otlpUrl,
    share: config.traceSample,
    process: label ?? definition.name,
    instanceId: processId,
    metrics,
  })
  const metricsDoor = await openMetricsDoor(metrics, metricsSocket, log)
  const heartbeat = startHeartbeat({ pool, log, id: processId })
  const work = await definition.start({
    config,
    log,
    pool,
    databaseUrl,
    signal: drain.signal,
    keyring: { ...keyring, metrics: createKeyringMetrics(metrics) },
    metrics,
    tracing,
    runtimeDirectory,
    dataDirectory: config.dataDirectory,
    processId,
    ready: (detail = {}, published = {}) => {
      heartbeat.ready(published)
      if (process.connected) process.send?.({ type: 'ready', detail }, () => undefined)
    },
  })

  await aborted(drain.signal)
  log.info({ reason: drain.signal.reason }, 'Draining')
  const deadline = sleep(DRAIN_MS, 'late' as const, { ref: false })
  const outcome = await Promise.race([
    Promise.resolve(work[Symbol.asyncDispose]()).then(() => 'drained' as const),
    deadline,
  ])
  if (outcome === 'late')
    log.warn({ afterMs: DRAIN_MS }, 'Did not drain in time; what is open is taken up by another process')
  await tracing.close()
  await metricsDoor?.[Symbol.asyncDispose]()
  await Promise.race([
    Promise.resolve(heartbeat[Symbol.asyncDispose]()).then(() => pool.end()),
    sleep(POOL_END_MS, undefined, { ref: false }),
  ])
  log.info('Stopped')
  process.exit(0)
}

/** Metrics that cannot be served are no reason to send no mail. */
async function openMetricsDoor(
  metrics: Metrics,
  path: string | undefined,
  log: Logger,
): Promise<AsyncDisposable | null> {
  if (path === undefined) return null
  try {
    return await serveMetrics({
      address: { path },
      read: () => metrics.read(),
      onFailure: (error) => log.warn({ err: error }, 'The metrics could not be read'),
    })
  } catch (error) {
    log.warn({ err: error }, 'The metrics of this process are not served')
    return null
  }
}

function listenForTheEnd(drain: AbortController): void {
  process.on('SIGTERM', () => drain.abort('SIGTERM'))
  // A supervised process leaves Ctrl-C to its supervisor, which stops things in order.
  process.on('SIGINT', () => {
    if (!process.connected) drain.abort('SIGINT')
  })
  process.on('disconnect', () => drain.abort('the supervisor is gone'))
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  // A held timer keeps the process alive until it is told to end, whatever else its event loop holds.
  const hold = setInterval(() => undefined, 60_000)
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  clearInterval(hold)
}
