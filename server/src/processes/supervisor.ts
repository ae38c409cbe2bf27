import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { ConfigError, loadConfig, loadTlsMaterial } from '../platform/config/index.ts'
import type { Config } from '../platform/config/index.ts'
import { openRuntimeDirectory } from '../platform/lifecycle/index.ts'
import { pathDigest } from '../platform/postgres/index.ts'
import { openDatabase } from './supervisor-database.ts'
import { lockDataDirectory } from './supervisor-lock.ts'
import { createOutput } from './supervisor-output.ts'
import type { Output } from './supervisor-output.ts'
import { checkPorts } from './supervisor-ports.ts'
import { createSupervisorMetrics } from './supervisor-metrics.ts'
import { startProcesses } from './supervisor-processes.ts'
import { summarize } from './supervisor-summary.ts'

/**
 * The process that `npm start` runs: PostgreSQL, migrations, then all processes of one host, kept alive until it is told to stop.
 * Stops on SIGINT, SIGTERM, SIGHUP and when its launcher is gone: processes drain, the keyring follows, PostgreSQL last.
 */
const ROOT = resolve(import.meta.dirname, '../../..')

/** After a crash, processes of the old run have this long to drain and let go of their ports. */
const OLD_RUN_ENDS_MS = 12_000

/** npm and the terminal both deliver the same Ctrl-C; what follows this fast is not a second one. */
const SAME_SIGNAL_MS = 700

interface Shutdown {
  readonly signal: AbortSignal
  /** Resolves at the second signal. */
  readonly impatient: Promise<void>
}

function listenForSignals(output: () => Output | null): Shutdown {
  const controller = new AbortController()
  const impatient = Promise.withResolvers<void>()
  let firstMs = 0
  const onSignal = (reason: string): void => {
    if (!controller.signal.aborted) {
      firstMs = performance.now()
      output()?.plain('')
      output()?.begin('Stopping (Ctrl-C again stops at once)')
      controller.abort(reason)
    } else if (performance.now() - firstMs > SAME_SIGNAL_MS) {
      impatient.resolve()
    }
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => onSignal(name))
  process.on('disconnect', () => onSignal('the launcher is gone'))
  return { signal: controller.signal, impatient: impatient.promise }
}

async function run(config: Config, output: Output, shutdown: Shutdown): Promise<void> {
  const { signal } = shutdown
  const startedMs = performance.now()
  using lock = await lockDataDirectory(config.dataDirectory)
  signal.addEventListener('abort', () => lock.markStopping())
  await checkPorts(config, lock.afterCrash ? OLD_RUN_ENDS_MS : 0)
  const tls = loadTlsMaterial(config)
  if (tls.selfSigned && config.mode === 'development')
    output.note('SMTP uses a self-signed certificate (development)')
  const runtimeDirectory = openRuntimeDirectory(pathDigest(config.dataDirectory))

  const database = await openDatabase({ config, root: ROOT, runtimeDirectory, output, signal })
  const metrics = createSupervisorMetrics()
  let kill: (() => void) | null = null
  const orderly = async (): Promise<void> => {
    const processes = await startProcesses({
      config,
      root: ROOT,
      runtimeDirectory,
      roleUrls: database.roleUrls,
      output,
      signal,
      env: process.env,
      onStarted: (killAll) => {
        kill = killAll
      },
      onRestart: (label) => metrics.restarted(label),
    })
    const door = await metrics.serve(config.metrics, processes.metricsSources, output)
    if (!signal.aborted) {
      output.done('Started', startedMs)
      output.plain(summarize(config, processes.apiDetail))
      output.started()
      await new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }))
    }
    const stoppingMs = performance.now()
    await door?.[Symbol.asyncDispose]()
    await processes.stop()
    await database.stop('fast')
    rmSync(runtimeDirectory, { recursive: true, force: true })
    output.done('Stopped', stoppingMs)
  }
  const forced = async (): Promise<void> => {
    await shutdown.impatient
    kill?.()
    await database.stop('immediate')
    output.warn('Stopped at once; the next start recovers')
  }
  await Promise.race([orderly(), forced()])
}

let output: Output | null = null
const shutdown = listenForSignals(() => output)
try {
  const config = loadConfig(process.env)
  output = createOutput(config.mode, process.stdout)
  await run(config, output, shutdown)
  process.exit(0)
} catch (error) {
  const text = error instanceof Error ? error.message : String(error)
  if (shutdown.signal.aborted) {
    process.exit(0)
  } else if (output === null || error instanceof ConfigError) {
    process.stderr.write(`${text}\nAll settings are described in docs/configuration.md.\n`)
  } else {
    output.error(text)
  }
  process.exit(1)
}
