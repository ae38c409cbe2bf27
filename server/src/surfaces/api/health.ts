import type { FastifyInstance } from 'fastify'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { readLiveProcesses } from '../../platform/lifecycle/index.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { ActiveContainment } from '../../kernel/containment.ts'
import { readKeyringRefusals, type KeyringRefusals } from '../../security/audit/index.ts'
import type { ContainmentWatch } from '../../security/containment/index.ts'

const STALE_AFTER_MS = 7_000
const CHECK_MS = 2_000

/** The kinds without which mail is not accepted, sent or followed. */
const NEEDED = ['api', 'smtp', 'sender', 'worker'] as const

/** Without which mail flows all the same: a warning, with what stands still. */
const WARNED = {
  audit: 'acts that need a record are refused two minutes after it went; mail flows',
  staff: 'staff cannot act; what is contained stays contained',
} as const

/**
 * `/healthz`: this process answers. `/readyz`: the whole installation does its work; 503 names what does not. A process counts
 * when its heartbeat is younger than 7 s (it beats every 2 s) and it said that it is ready.
 */
export function addHealthRoutes(
  app: FastifyInstance,
  deps: {
    readonly pool: Queryable
    readonly keyring: KeyringClient
    readonly containment: Pick<ContainmentWatch, 'active'>
  },
): void {
  app.get('/healthz', async (_request, reply) =>
    reply.type('application/json').send(
      JSON.stringify({
        status: 'ok',
        process: 'api',
        pid: process.pid,
        uptimeSeconds: Math.round(process.uptime()),
      }),
    ),
  )
  app.get('/readyz', async (_request, reply) => {
    const [database, keyring, refusals] = await Promise.all([
      readProcesses(deps.pool),
      checkKeyring(deps.keyring),
      within(readKeyringRefusals(deps.pool)).catch(() => []),
    ])
    const processes = [...(database.ok ? database.processes : []), keyring]
    const lacking = (kind: string) => !processes.some((row) => row.process === kind && row.ready)
    const missing = NEEDED.filter(lacking)
    const warned = Object.entries(WARNED).filter(([kind]) => database.ok && lacking(kind))
    const problems = [
      ...(database.ok ? [] : [`database: ${database.problem}`]),
      ...(database.ok ? missing.map((kind) => `${kind}: no process is ready`) : []),
      ...(keyring.ready ? [] : [`keyring: ${keyring.problem ?? 'not ready'}`]),
    ]
    return reply
      .status(problems.length === 0 ? 200 : 503)
      .type('application/json')
      .send(
        JSON.stringify({
          status: problems.length === 0 ? 'ready' : 'not ready',
          problems,
          database: database.ok ? 'ok' : 'away',
          processes,
          // Not the reasons: anybody may ask here, and they concern a workspace.
          containments: summaryOf(deps.containment.active()),
          warnings: [
            ...warned.map(([kind, effect]) => `${kind}: no process is ready: ${effect}`),
            ...refusals.map(warningOf),
            ...(processes.some((row) => 'inbound' in row && row.inbound === 'off')
              ? ['smtp: BULKHEAD_INBOUND is off: bounces and complaints do not come back']
              : []),
          ],
        }),
      )
  })
}

const REFUSALS = {
  budget: 'over budget',
  access: 'outside what it may ask',
  contained: 'while it is contained',
} as const

/** The keyring notes one of a kind in a minute. */
function warningOf({ process, kind, count }: KeyringRefusals): string {
  const times = count === 1 ? 'in one minute' : `in ${count} minutes`
  const why = Object.entries(REFUSALS).find(([name]) => name === kind)?.[1] ?? kind
  return `keyring refused requests of ${process} ${why} ${times} of the last hour; see bulkhead audit list --installation --action keyring.refused, and with the key of a workspace its own`
}

/** How much is cut off, without saying whose. */
function summaryOf(active: readonly ActiveContainment[]): { inForce: number; installation: string[] } {
  const whole = active.filter((containment) => containment.scope === 'installation')
  return {
    inForce: active.length,
    installation: [...new Set(whole.flatMap((containment) => containment.capabilities))].sort(),
  }
}

async function readProcesses(pool: Queryable) {
  try {
    const rows = await within(readLiveProcesses(pool))
    const processes = rows.map(({ kind, ...row }) => ({
      process: kind,
      ...row,
      ready: row.ready && row.heartbeatAgeMs < STALE_AFTER_MS,
    }))
    return { ok: true as const, processes }
  } catch (error) {
    return { ok: false as const, problem: error instanceof Error ? error.message : 'not reachable' }
  }
}

async function checkKeyring(
  keyring: KeyringClient,
): Promise<{ process: string; ready: boolean; problem?: string }> {
  try {
    const { database } = await within(keyring.health())
    if (database === 'up') return { process: 'keyring', ready: true }
    return {
      process: 'keyring',
      ready: false,
      problem: 'it cannot reach its database: nothing sealed opens; what it knows it still signs',
    }
  } catch (error) {
    return {
      process: 'keyring',
      ready: false,
      problem: `${error instanceof Error ? error.message : 'not reachable'}: nothing sealed opens; mail whose keys are leased goes on for at most five minutes`,
    }
  }
}

async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_MS / 1000} s`)), CHECK_MS)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
