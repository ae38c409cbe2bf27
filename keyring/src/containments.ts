import { DatabaseError } from 'pg'
import type { ProcessKind } from './access.ts'
import type { Database } from './database.ts'
import { describeError } from './log.ts'
import type { Log } from './log.ts'
import { Refusal } from './refusal.ts'

/** What the keyring knows of a containment. `capabilities` are words such as `send` or `deliver`. */
interface Containment {
  readonly id: string
  readonly workspaceId: string | null
  readonly actorClass: string
  readonly capabilities: readonly string[]
  readonly reasonCode: string
  readonly reason: string
  readonly incident: string | null
  readonly untilMs: number
}

const POLL_MS = 250
/** An installation whose schema has no containments yet is asked less often. */
const POLL_WITHOUT_MS = 10_000
/** No such function, schema or table, or no right to it. */
const NOT_THERE = new Set(['42883', '3F000', '42501', '42P01'])

export type Containments = ReturnType<typeof createContainments>

/**
 * The containments in force, mirrored from the database four times a second. While the database is away the last known ones hold, until
 * they run out: a key is then refused that a contained process would get otherwise.
 */
export function createContainments(deps: {
  database: Pick<Database, 'rawQuery'>
  log: Log
  nowMs: () => number
  /** Called for every request that is refused. */
  onRefused?: (process: ProcessKind, workspaceId: string, details: Readonly<Record<string, unknown>>) => void
}) {
  let active: readonly Containment[] = []
  let readAtMs: number | null = null
  /** How far the database's clock, by which containments end, is ahead of this host's. */
  let aheadMs = 0
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let failing = false

  async function read(): Promise<number> {
    try {
      const found = await readActive(deps.database)
      active = found.active
      if (found.databaseMs !== null) aheadMs = found.databaseMs - deps.nowMs()
      readAtMs = deps.nowMs()
      failing = false
      return POLL_MS
    } catch (error) {
      if (error instanceof DatabaseError && NOT_THERE.has(error.code ?? '')) return POLL_WITHOUT_MS
      if (!failing) deps.log('warn', 'Containments cannot be read', { error: describeError(error) })
      failing = true
      return POLL_MS
    }
  }

  function schedule(delayMs: number): void {
    if (stopped) return
    timer = setTimeout(() => void read().then(schedule), delayMs)
    timer.unref()
  }

  /** The containment that stops any of these capabilities for the process in the workspace. */
  function find(process: ProcessKind, workspaceId: string, capabilities: readonly string[]) {
    const nowMs = deps.nowMs() + aheadMs
    for (const item of active) {
      if (item.untilMs <= nowMs) continue
      if (item.actorClass !== 'any' && item.actorClass !== process) continue
      if (item.workspaceId !== null && item.workspaceId !== workspaceId) continue
      const capability = capabilities.find((one) => item.capabilities.includes(one))
      if (capability !== undefined) return { item, capability }
    }
    return null
  }

  function detailsFor(
    process: ProcessKind,
    workspaceId: string,
    capabilities: readonly string[],
  ): Readonly<Record<string, unknown>> | null {
    const found = find(process, workspaceId, capabilities)
    if (found === null) return null
    const { item, capability } = found
    const details = {
      containment: item.id,
      capability,
      reasonCode: item.reasonCode,
      reason: item.reason,
      incident: item.incident,
      until: new Date(item.untilMs).toISOString(),
    }
    deps.onRefused?.(process, workspaceId, details)
    return details
  }

  return {
    /** Reads once and then goes on by itself. */
    async start(): Promise<void> {
      schedule(await read())
    },

    /** What to tell an asker who is contained, or null. */
    detailsFor,

    /** Throws `contained`, with the details, where any of the capabilities is. */
    check(process: ProcessKind, workspaceId: string, capabilities: readonly string[]): void {
      const details = detailsFor(process, workspaceId, capabilities)
      if (details !== null)
        throw new Refusal('contained', `${String(details['capability'])} is contained`, undefined, details)
    },

    /** Milliseconds since the last reading; null before the first. */
    ageMs: (): number | null => (readAtMs === null ? null : deps.nowMs() - readAtMs),

    stop(): void {
      stopped = true
      clearTimeout(timer)
    },
  }
}

/** Only those of the scopes installation and workspace: who a credential or a member is, the keyring does not know. */
async function readActive(
  database: Pick<Database, 'rawQuery'>,
): Promise<{ readonly active: readonly Containment[]; readonly databaseMs: number | null }> {
  const rows = await database.rawQuery<{
    id: string
    scope: string
    workspaceId: string | null
    actorClass: string
    capabilities: string[]
    reasonCode: string
    reason: string
    incident: string | null
    until: Date
    databaseMs: number
  }>(
    'active_containments',
    `select id, scope, workspace_id as "workspaceId", actor_class as "actorClass", capabilities,
            reason_code as "reasonCode", reason, incident, until,
            (extract(epoch from clock_timestamp()) * 1000)::float8 as "databaseMs"
       from engine.active_containments()
      where scope in ('installation', 'workspace')`,
    [],
  )
  const active = rows
    .filter((row) => row.scope === 'installation' || row.workspaceId !== null)
    .map(({ scope, until, workspaceId, databaseMs: _databaseMs, ...row }) => ({
      ...row,
      workspaceId: scope === 'workspace' ? workspaceId : null,
      untilMs: until.getTime(),
    }))
  return { active, databaseMs: rows[0]?.databaseMs ?? null }
}
