import { PROCESS_KINDS } from './access.ts'
import type { ProcessKind } from './access.ts'
import type { HourOfUse, LedgerStore } from './ledger-store.ts'
import { describeError } from './log.ts'
import type { Log } from './log.ts'
import { Refusal } from './refusal.ts'

/** What a kind of process may open. */
export interface Budget {
  /** Distinct workspaces within any hour. */
  readonly workspacesPerHour: number
  readonly keysPerMinute: number
}

export type BudgetFloors = Readonly<Record<ProcessKind, Budget>>

const NOTHING: Budget = { workspacesPerHour: 0, keysPerMinute: 0 }
const EVERYBODY: Budget = { workspacesPerHour: 100_000, keysPerMinute: 1_000_000 }

/** Sender and worker serve all workspaces; the api opens only what people look at. */
export const DEFAULT_FLOORS: BudgetFloors = {
  api: { workspacesPerHour: 200, keysPerMinute: 6_000 },
  smtp: NOTHING,
  sender: EVERYBODY,
  worker: EVERYBODY,
  staff: NOTHING,
  audit: NOTHING,
}

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
/** What is half as much again as the busiest ordinary hours is still ordinary. */
const HEADROOM = 1.5
/** Beyond this multiple of the floor a person decides: a process that uses all it may, day after day, must not get ever more. */
const MOST_GROWTH = 10
const REPORT_EVERY_MS = MINUTE_MS
/** Bounds what is read at a refresh. */
const MAX_TRACKED = 250_000

interface Use {
  /** When each workspace was opened last. */
  readonly workspaces: Map<string, number>
  minute: number
  keysInMinute: number
  hour: number
  readonly workspacesInHour: Set<string>
  keysInHour: number
  limitedInHour: boolean
  reportedAtMs: number
}

export type Budgets = ReturnType<typeof createBudgets>

/**
 * How much each kind of process may open: a hijacked one gets what such a process ordinarily opens, and no more. The limit is the
 * floor, or half as much again as the 99th percentile of the hours of seven days until yesterday where that is more, and at most ten
 * times the floor.
 */
export function createBudgets(deps: {
  floors: BudgetFloors
  ledger: Pick<LedgerStore, 'openedLately' | 'recordUse' | 'ordinaryUse' | 'trimUse' | 'recordRefusal'>
  log: Log
  nowMs: () => number
}) {
  const uses = new Map(PROCESS_KINDS.map((kind) => [kind, newUse()]))
  const limits = new Map(PROCESS_KINDS.map((kind) => [kind, deps.floors[kind]]))
  /** Hours that ended and are not stored yet. */
  let ended: HourOfUse[] = []

  function useOf(process: ProcessKind): Use {
    const use = uses.get(process)
    if (use === undefined) throw new Error(`there is no kind of process ${process}`)
    roll(process, use)
    return use
  }

  function roll(process: ProcessKind, use: Use): void {
    const nowMs = deps.nowMs()
    const minute = Math.floor(nowMs / MINUTE_MS)
    if (use.minute !== minute) {
      use.minute = minute
      use.keysInMinute = 0
      for (const [workspaceId, atMs] of use.workspaces)
        if (atMs <= nowMs - HOUR_MS) use.workspaces.delete(workspaceId)
    }
    const hour = Math.floor(nowMs / HOUR_MS)
    if (use.hour === hour) return
    if (use.keysInHour > 0 || use.limitedInHour) ended = [...ended, hourOf(process, use)].slice(-1000)
    use.hour = hour
    use.workspacesInHour.clear()
    use.keysInHour = 0
    use.limitedInHour = false
  }

  function refuse(process: ProcessKind, use: Use, workspaceId: string, detail: string): never {
    use.limitedInHour = true
    const nowMs = deps.nowMs()
    if (nowMs - use.reportedAtMs >= REPORT_EVERY_MS) {
      use.reportedAtMs = nowMs
      deps.log('warn', 'A budget ran out', { process, detail })
      deps.ledger
        .recordRefusal({ process, workspaceId, kind: 'budget', detail })
        .catch((error: unknown) =>
          deps.log('error', 'A budget that ran out could not be recorded', { error: describeError(error) }),
        )
    }
    throw new Refusal('budget', `A process of kind ${process} opened as much as it may: ${detail}`)
  }

  return {
    /** Counts what is about to be opened. Throws `budget` where it would be too much; then nothing is counted. */
    spend(process: ProcessKind, workspaceId: string, keyCount: number): void {
      const use = useOf(process)
      const limit = limits.get(process) ?? NOTHING
      const nowMs = deps.nowMs()
      const openedAtMs = use.workspaces.get(workspaceId)
      const isNew = openedAtMs === undefined || openedAtMs <= nowMs - HOUR_MS
      if (isNew && use.workspaces.size >= limit.workspacesPerHour) {
        // Those that are older than an hour may still be there for a minute.
        const lately = [...use.workspaces.values()].filter((atMs) => atMs > nowMs - HOUR_MS).length
        if (lately >= limit.workspacesPerHour)
          refuse(process, use, workspaceId, `${limit.workspacesPerHour} workspaces an hour`)
      }
      if (use.keysInMinute + keyCount > limit.keysPerMinute)
        refuse(process, use, workspaceId, `${limit.keysPerMinute} keys a minute`)
      use.workspaces.set(workspaceId, nowMs)
      use.workspacesInHour.add(workspaceId)
      use.keysInMinute += keyCount
      use.keysInHour += keyCount
    },

    /** The limits in force and what was used of them. */
    state(): Record<string, Budget & { readonly workspacesInHour: number; readonly keysInMinute: number }> {
      const nowMs = deps.nowMs()
      return Object.fromEntries(
        PROCESS_KINDS.map((kind) => {
          const use = useOf(kind)
          const lately = [...use.workspaces.values()].filter((atMs) => atMs > nowMs - HOUR_MS).length
          const limit = limits.get(kind) ?? NOTHING
          return [kind, { ...limit, workspacesInHour: lately, keysInMinute: use.keysInMinute }]
        }),
      )
    },

    /**
     * Once a minute: takes over what other keyring processes, and this one before its last start, opened within the hour; stores
     * what was used; reads what is ordinary.
     */
    async refresh(): Promise<void> {
      for (const row of await deps.ledger.openedLately(MAX_TRACKED)) {
        const kind = PROCESS_KINDS.find((known) => known === row.process)
        if (kind === undefined) continue
        const use = useOf(kind)
        const knownMs = use.workspaces.get(row.workspaceId) ?? 0
        if (row.at.getTime() > knownMs) use.workspaces.set(row.workspaceId, row.at.getTime())
      }
      const current = PROCESS_KINDS.flatMap((kind) => {
        const use = useOf(kind)
        return use.keysInHour > 0 || use.limitedInHour ? [hourOf(kind, use)] : []
      })
      const storing = ended
      ended = []
      try {
        if (storing.length + current.length > 0) await deps.ledger.recordUse([...storing, ...current])
      } catch (error) {
        ended = [...storing, ...ended]
        throw error
      }
      for (const row of await deps.ledger.ordinaryUse()) {
        const kind = PROCESS_KINDS.find((known) => known === row.process)
        if (kind === undefined) continue
        const floor = deps.floors[kind]
        limits.set(kind, {
          workspacesPerHour: limitOf(floor.workspacesPerHour, row.workspaces),
          keysPerMinute: limitOf(floor.keysPerMinute, row.keys / 60),
        })
      }
      await deps.ledger.trimUse()
    },
  }
}

function hourOf(process: ProcessKind, use: Use): HourOfUse {
  return {
    process,
    hour: new Date(use.hour * HOUR_MS),
    workspaces: use.workspacesInHour.size,
    keys: use.keysInHour,
    limited: use.limitedInHour,
  }
}

function limitOf(floor: number, ordinary: number): number {
  return Math.min(Math.max(floor, Math.ceil(HEADROOM * ordinary)), MOST_GROWTH * floor)
}

function newUse(): Use {
  return {
    workspaces: new Map(),
    minute: 0,
    keysInMinute: 0,
    hour: 0,
    workspacesInHour: new Set(),
    keysInHour: 0,
    limitedInHour: false,
    reportedAtMs: -Infinity,
  }
}

/** Reads `BULKHEAD_KEYRING_BUDGETS`: {"api": {"workspacesPerHour": 50, "keysPerMinute": 1000}}. What is not named keeps its default. */
export function readFloors(text: string | undefined): BudgetFloors {
  const name = 'BULKHEAD_KEYRING_BUDGETS'
  if (text === undefined || text === '') return DEFAULT_FLOORS
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new Error(`${name} is not JSON`, { cause: error })
  }
  const floors: Record<ProcessKind, Budget> = { ...DEFAULT_FLOORS }
  for (const [key, given] of entriesOf(name, value)) {
    const kind = PROCESS_KINDS.find((known) => known === key)
    if (kind === undefined) throw new Error(`${name}: "${key}" is not a kind of process`)
    for (const [field, amount] of entriesOf(`${name}: ${kind}`, given)) {
      if (field !== 'workspacesPerHour' && field !== 'keysPerMinute')
        throw new Error(`${name}: "${field}" is neither workspacesPerHour nor keysPerMinute`)
      if (typeof amount !== 'number' || !Number.isInteger(amount) || amount < 0 || amount > 1e9)
        throw new Error(`${name}: ${kind}.${field} must be a whole number from 0 to 1000000000`)
      floors[kind] = { ...floors[kind], [field]: amount }
    }
  }
  return floors
}

function entriesOf(what: string, value: unknown): [string, unknown][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value)
  throw new Error(`${what} must be an object`)
}
