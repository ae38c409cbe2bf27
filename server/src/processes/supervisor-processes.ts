import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../platform/config/index.ts'
import { childEnvironment, writeHandover } from '../platform/lifecycle/index.ts'
import type { RoleUrls } from '../platform/postgres/index.ts'
import { superviseChild } from './supervisor-child.ts'
import type { MetricsSource } from '../platform/telemetry/index.ts'
import type { SupervisedChild } from './supervisor-child.ts'
import type { Output } from './supervisor-output.ts'

const KEYRING_READY_MS = 30_000
const READY_MS = 60_000
/** Beyond the ten seconds that a process has for draining. */
const STOP_MS = 13_000

export interface Processes {
  /** What the api process told when it was ready; undefined where there is none or it is not ready. */
  readonly apiDetail: unknown
  /** Where the metrics of each process are. */
  readonly metricsSources: readonly MetricsSource[]
  stop(): Promise<void>
}

export interface ProcessesDeps {
  readonly config: Config
  /** Root of the repository. */
  readonly root: string
  readonly runtimeDirectory: string
  readonly roleUrls: RoleUrls
  readonly output: Output
  readonly signal: AbortSignal
  readonly env: Readonly<Record<string, string | undefined>>
  /** Hands out, before the first process starts, what ends all of them at once. */
  readonly onStarted: (kill: () => void) => void
  /** A process ended by itself and starts again. */
  readonly onRestart: (label: string) => void
}

interface Plan {
  readonly kind: 'audit' | 'api' | 'smtp' | 'sender' | 'worker' | 'staff'
  readonly label: string
  readonly entry: string
  readonly token: string
}

/**
 * Starts the keyring, then the audit process, then everything else, and waits until all are ready. Nothing is accepted before the
 * audit process is ready: a database that was restored from an older backup must first forget again what was revoked since.
 */
export async function startProcesses(deps: ProcessesDeps): Promise<Processes> {
  const { config, output, signal, root } = deps
  const plans = planProcesses(config, root)
  const running: SupervisedChild[] = []
  let keyring: SupervisedChild | null = null
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((child) => child.stop(STOP_MS)))
    // Last: the others drain with its help.
    await keyring?.stop(STOP_MS)
  }
  const kill = (): void => {
    for (const child of running) child.kill()
    keyring?.kill()
  }
  deps.onStarted(kill)
  const keyringEntry = join(root, 'keyring/src/main.ts')
  if (existsSync(keyringEntry)) {
    const startedMs = performance.now()
    keyring = superviseChild({
      label: 'keyring',
      entry: keyringEntry,
      env: keyringEnvironment(deps, plans),
      output,
      onRestart: () => deps.onRestart('keyring'),
    })
    if (await isReady(keyring, KEYRING_READY_MS, signal)) output.done('keyring ready', startedMs)
    else if (!signal.aborted) output.warn('keyring is not ready yet: see its lines above')
  }
  const start = async (plan: Plan): Promise<boolean> => {
    if (signal.aborted) return false
    const startedMs = performance.now()
    const child = superviseChild({
      label: plan.label,
      entry: plan.entry,
      env: processEnvironment(deps, plan),
      output,
      onRestart: () => deps.onRestart(plan.label),
    })
    running.push(child)
    const isUp = await isReady(child, READY_MS, signal)
    if (isUp) output.done(`${plan.label} ready`, startedMs)
    else if (!signal.aborted) output.warn(`${plan.label} is not ready yet: see its lines above`)
    if (isUp || plan.kind !== 'audit') return isUp
    output.warn('nothing else starts before the audit log is whole')
    return Promise.race([child.firstReady.then(() => true), aborted(signal)])
  }
  const ready: boolean[] = []
  for (const plan of plans.filter((item) => item.kind === 'audit')) ready.push(await start(plan))
  ready.push(...(await Promise.all(plans.filter((item) => item.kind !== 'audit').map(start))))
  const api = plans.findIndex((plan) => plan.kind === 'api')
  return {
    apiDetail: ready[api] === true ? await running[api]?.firstReady : undefined,
    metricsSources: plans.map(({ label }) => ({ process: label, socketPath: metricsSocket(deps, label) })),
    stop,
  }
}

function planProcesses(config: Config, root: string): Plan[] {
  const senders = Array.from({ length: config.senders }, (_, index) => ({
    kind: 'sender' as const,
    label: config.senders === 1 ? 'sender' : `sender-${index + 1}`,
  }))
  return [
    { kind: 'audit' as const, label: 'audit' },
    { kind: 'api' as const, label: 'api' },
    { kind: 'smtp' as const, label: 'smtp' },
    ...senders,
    { kind: 'worker' as const, label: 'worker' },
    { kind: 'staff' as const, label: 'staff' },
  ]
    .map((item) => ({
      ...item,
      entry: join(root, 'server/src/processes', `${item.kind}.ts`),
      token: randomBytes(24).toString('base64url'),
    }))
    .filter((plan) => existsSync(plan.entry))
}

function keyringSocket(deps: ProcessesDeps): string {
  return join(deps.runtimeDirectory, 'keyring.sock')
}

function metricsSocket(deps: ProcessesDeps, label: string): string {
  return join(deps.runtimeDirectory, `metrics-${label}.sock`)
}

/** What the providers of a root read for themselves: AWS credentials and the configuration of a PKCS#11 module. */
const ROOT_VARIABLES =
  /^(?:AWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|SHARED_CREDENTIALS_FILE|CONTAINER_\w+|EC2_METADATA_\w+)|SOFTHSM2_CONF|PKCS11_\w+)$/

function keyringEnvironment(deps: ProcessesDeps, plans: readonly Plan[]): Record<string, string> {
  return {
    ...childEnvironment(deps.env, 'keyring', deps.config.dataDirectory),
    BULKHEAD_INTERNAL_DATABASE_URL: deps.roleUrls.bulkhead_keyring,
    BULKHEAD_KEYRING_SOCKET: keyringSocket(deps),
    ...rootEnvironment(deps),
    BULKHEAD_KEYRING_CLIENTS: JSON.stringify(
      Object.fromEntries(plans.map((plan) => [plan.token, plan.kind])),
    ),
  }
}

function rootEnvironment(deps: ProcessesDeps): Record<string, string> {
  const { dataDirectory, keyringRoot, keyringPreviousRoot, keyringPin, keyringSpool, keyringBudgets } =
    deps.config
  const result: Record<string, string> = {
    BULKHEAD_KEYRING_ROOT: keyringRoot ?? `file:${join(dataDirectory, 'keyring', 'root.key')}`,
    BULKHEAD_KEYRING_SPOOL: keyringSpool ?? join(dataDirectory, 'keyring', 'spool.state'),
    BULKHEAD_SHRED_DELAY_HOURS: String(deps.config.shredDelayHours),
  }
  if (keyringPreviousRoot !== null) result['BULKHEAD_KEYRING_PREVIOUS_ROOT'] = keyringPreviousRoot
  if (keyringBudgets !== null) result['BULKHEAD_KEYRING_BUDGETS'] = keyringBudgets
  if (keyringPin !== null) result['BULKHEAD_KEYRING_PIN'] = keyringPin.reveal()
  for (const [name, value] of Object.entries(deps.env)) {
    if (value !== undefined && ROOT_VARIABLES.test(name)) result[name] = value
  }
  return result
}

function processEnvironment(deps: ProcessesDeps, plan: Plan): Record<string, string> {
  return {
    ...childEnvironment(deps.env, plan.kind, deps.config.dataDirectory),
    ...writeHandover({
      databaseUrl: deps.roleUrls[`bulkhead_${plan.kind}`],
      keyring: { socketPath: keyringSocket(deps), token: plan.token },
      runtimeDirectory: deps.runtimeDirectory,
      label: plan.label,
      metricsSocket: metricsSocket(deps, plan.label),
    }),
  }
}

function aborted(signal: AbortSignal): Promise<false> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(false)
    else signal.addEventListener('abort', () => resolve(false), { once: true })
  })
}

async function isReady(child: SupervisedChild, withinMs: number, signal: AbortSignal): Promise<boolean> {
  const timeout = AbortSignal.any([signal, AbortSignal.timeout(withinMs)])
  const late = sleep(withinMs * 2, false, { signal: timeout }).catch(() => false)
  return Promise.race([child.firstReady.then(() => true), late])
}
