import { randomUUID } from 'node:crypto'
import { createSources, createSourcesStore, readPlan } from '../../src/modules/sources/index.ts'
import type { Pick, SourcePlan, Sources, SourcesStore } from '../../src/modules/sources/index.ts'
import { parseToml } from '../../src/platform/toml/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import type { TestDatabase } from '../support/database.ts'

/** Sources as a sender of some host has them, on a real database. */
export interface Host extends AsyncDisposable {
  readonly sources: Sources
  readonly store: SourcesStore
  lease: string
  isAway: boolean
  pick(options?: {
    readonly provider?: string | null
    readonly workspaceId?: string
    readonly lane?: 'bulk' | 'critical'
  }): Promise<Pick>
  /** Names of the sources that so many picks lead to, and `wait`. */
  counts(times: number, provider?: string): Promise<Record<string, number>>
}

export const WORKSPACE = randomUUID()
const DAY_MS = 86_400_000

/** A day so many days from now, UTC. */
export function dayFromNow(days: number): string {
  return new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10)
}

/** The plan of a file; throws what is wrong with it. */
export function planOf(toml: string): SourcePlan {
  const parsed = parseToml(toml)
  if (!parsed.ok) throw new Error(parsed.problem)
  const result = readPlan(parsed.file.table, { hostname: 'mail.example.net' })
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.plan
}

/** Opens a worker_lease, as a sender does. */
export async function openLease(database: TestDatabase): Promise<string> {
  const { rows } = await database
    .pool('bulkhead_sender')
    .query<{ id: string }>('select engine.open_lease(gen_random_uuid(), 120)::text as id')
  const id = rows[0]?.id
  if (id === undefined) throw new Error('no lease')
  return id
}

/** Starts what a sender of this host knows of sources. `addresses`: what the host has besides 127.0.0.0/8. */
export async function startHost(
  database: TestDatabase,
  toml: string,
  options: { readonly host?: string; readonly addresses?: readonly string[]; readonly random?: number } = {},
): Promise<Host> {
  const real = createSourcesStore(database.pool('bulkhead_sender'))
  const orAway = <Result>(call: () => Promise<Result>): Promise<Result> =>
    host.isAway ? Promise.reject(new Error('away')) : call()
  const store: SourcesStore = {
    shareBudgets: (...given) => orAway(() => real.shareBudgets(...given)),
    takeAllowance: (...given) => orAway(() => real.takeAllowance(...given)),
    endAllowances: (...given) => orAway(() => real.endAllowances(...given)),
    beat: (...given) => orAway(() => real.beat(...given)),
    readRouting: () => orAway(() => real.readRouting()),
    judge: (...given) => orAway(() => real.judge(...given)),
    trim: () => orAway(() => real.trim()),
  }
  const host: { -readonly [Key in keyof Host]: Host[Key] } = {
    store: real,
    lease: await openLease(database),
    isAway: false,
    sources: undefined as never,
    pick: ({ provider = 'google', workspaceId = WORKSPACE, lane = 'bulk' } = {}) =>
      host.sources.pick({ provider, workspaceId, lane }),
    async counts(times, provider = 'google') {
      const found: Record<string, number> = {}
      for (const pick of await Promise.all(Array.from({ length: times }, () => host.pick({ provider })))) {
        const name = pick.kind === 'source' ? pick.source.name : 'wait'
        found[name] = (found[name] ?? 0) + 1
      }
      return found
    },
    [Symbol.asyncDispose]: () => host.sources[Symbol.asyncDispose](),
  }
  host.sources = await createSources({
    store,
    leaseId: () => host.lease,
    plan: planOf(toml),
    host: options.host ?? `host-${randomUUID()}`,
    ownAddresses: () => ({
      has: (address) => address.startsWith('127.') || options.addresses?.includes(address) === true,
    }),
    log: createLogger({ name: 'test', level: 'error' }),
    nowMs: Date.now,
    random: () => options.random ?? 0.5,
  })
  return host
}
